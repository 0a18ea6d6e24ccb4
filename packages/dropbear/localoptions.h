/* Keys only: a password could be guessed by whoever reaches the port. */
#define DROPBEAR_SVR_PASSWORD_AUTH 0
