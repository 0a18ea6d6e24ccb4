# Certificates in etc/company: a company's, one of its server's and one of a station's, and the same of another company.
cp --parents /usr/lib/x86_64-linux-gnu/ossl-modules/legacy.so .
mkdir etc/company
cd etc/company
authority() {
    openssl req -x509 -newkey rsa:2048 -nodes -days 3650 -subj "/CN=$1" -keyout $1.key -out $1.pem 2> /dev/null
}
signed() {
    openssl req -new -newkey rsa:2048 -nodes -subj "/CN=$2" -keyout $1.key -out $1.csr 2> /dev/null
    echo "subjectAltName=DNS:$2
extendedKeyUsage=$4" > $1.ext
    openssl x509 -req -in $1.csr -CA $3.pem -CAkey $3.key -CAcreateserial -days 3650 -extfile $1.ext -out $1.pem 2> /dev/null
}
authority company
authority other
signed server radius.company.example company serverAuth
signed station someone company clientAuth
signed stranger someone other clientAuth
chmod 644 *
