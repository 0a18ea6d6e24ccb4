//! Names by the hardware: maker, model and serial number as the kernel has them in /sys, in the forms that udev's rules have
//! given them for long, as they stand in fstabs.

use super::Place;
use super::encode::words;
use crate::device::link_name;
use common::root::value;
use std::path::Path;

/// Where the answer to IDENTIFY DEVICE is in the page of SAT (SCSI/ATA Translation, "ATA Information VPD page"), and in it, in
/// bytes, serial number and model (ATA Command Set, words 10 to 19 and 27 to 46).
const IDENTIFY: usize = 60;
const ATA_SERIAL: std::ops::Range<usize> = IDENTIFY + 20..IDENTIFY + 40;
const ATA_MODEL: std::ops::Range<usize> = IDENTIFY + 54..IDENTIFY + 94;

/// Names without a folder.
pub fn ids(place: &Place) -> Vec<String> {
    let (disk, suffix) = match &place.part {
        Some((number, _, disk)) => (&**disk, format!("-part{number}")),
        None => (&*place.folder, String::new()),
    };
    let mut ids = Vec::new();
    mapped(disk, &mut ids);
    let name = disk
        .file_name()
        .and_then(|name| name.to_str())
        .unwrap_or_default();
    let device = disk.join("device");
    let get = |file: &str| text(&device.join(file));
    if name.starts_with("nvme") {
        ids.extend(text(&disk.join("wwid")).map(|id| format!("nvme-{id}")));
        ids.extend(
            get("model")
                .zip(get("serial"))
                .map(|(model, serial)| format!("nvme-{model}_{serial}")),
        );
    } else if name.starts_with("mmcblk") {
        ids.extend(
            get("name")
                .zip(get("serial"))
                .map(|(name, serial)| format!("mmc-{name}_{serial}")),
        );
    } else if let Some(serial) = text(&disk.join("serial")) {
        ids.push(format!("virtio-{serial}"));
    } else if get("type").is_some() {
        scsi(&device, disk, &mut ids);
    }
    ids.iter().map(|id| format!("{id}{suffix}")).collect()
}

/// A value in words; what has none, or nothing but zeroes and blanks, has no value.
fn text(path: &Path) -> Option<String> {
    Some(words(&value(path)?)).filter(|text| !text.is_empty())
}

/// Those of the device mapper.
fn mapped(disk: &Path, ids: &mut Vec<String>) {
    for file in ["name", "uuid"] {
        ids.extend(text(&disk.join("dm").join(file)).map(|id| format!("dm-{file}-{id}")));
    }
}

fn scsi(device: &Path, disk: &Path, ids: &mut Vec<String>) {
    let get = |file: &str| text(&device.join(file));
    let page = |file: &str| std::fs::read(device.join(file)).unwrap_or_default();
    if let Some(world) = get("wwid").and_then(|id| Some(id.strip_prefix("naa.")?.to_owned())) {
        ids.push(format!("wwn-0x{world}"));
        ids.push(format!("scsi-3{world}"));
    }
    let (vendor, model) = (
        get("vendor").unwrap_or_default(),
        get("model").unwrap_or_default(),
    );
    let usb = disk
        .ancestors()
        .find(|folder| folder.join("idVendor").exists());
    if let Some(usb) = usb {
        let serial = text(&usb.join("serial")).map_or(String::new(), |serial| format!("_{serial}"));
        // `host:channel:target:lun`; the last two tell the disks of one device apart.
        let address = std::fs::canonicalize(device).ok();
        let address = address
            .as_ref()
            .and_then(|path| path.file_name()?.to_str())
            .unwrap_or_default();
        let instance: Vec<&str> = address.split(':').skip(2).collect();
        ids.push(format!(
            "usb-{vendor}_{model}{serial}-{}",
            instance.join(":")
        ));
        return;
    }
    let ata = page("vpd_pg89");
    if let (Some(model), Some(serial)) = (ata.get(ATA_MODEL), ata.get(ATA_SERIAL)) {
        ids.push(format!("ata-{}_{}", swapped(model), swapped(serial)));
        return;
    }
    // Four bytes of header, then the number.
    let serial = words(&String::from_utf8_lossy(
        page("vpd_pg80").get(4..).unwrap_or_default(),
    ));
    if !serial.is_empty() && link_name(&device.join("driver")).as_deref() != Some("sr") {
        ids.push(format!("scsi-S{vendor}_{model}_{serial}"));
    }
}

/// Text of ATA has the bytes of each word the other way round.
fn swapped(bytes: &[u8]) -> String {
    let bytes: Vec<u8> = bytes
        .chunks(2)
        .flat_map(|word| word.iter().rev().copied())
        .collect();
    words(&String::from_utf8_lossy(&bytes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    /// The names of a disk with these files in its folder, and of its partition 2.
    fn names(name: &str, files: &[(&str, &[u8])]) -> (Vec<String>, Vec<String>) {
        let folder = tempfile::tempdir().unwrap();
        let disk = folder.path().join(name);
        for (path, bytes) in files {
            let path = disk.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, bytes).unwrap();
        }
        let mut place = Place {
            node: "/dev/x".into(),
            major: 8,
            minor: 0,
            folder: disk.clone(),
            part: None,
        };
        let whole = ids(&place);
        place.part = Some((2, "/dev/x".into(), disk.clone()));
        place.folder = disk.join("x2");
        (whole, ids(&place))
    }

    #[test]
    fn names_have_the_forms_that_are_known() {
        assert_eq!(
            names("vda", &[("serial", b"disk 1")]),
            (
                vec!["virtio-disk_1".to_owned()],
                vec!["virtio-disk_1-part2".to_owned()]
            )
        );
        let nvme: &[(&str, &[u8])] = &[
            ("wwid", b"eui.0025\n"),
            ("device/model", b"Fast  Disk   \n"),
            ("device/serial", b"S1 \n"),
        ];
        assert_eq!(
            names("nvme0n1", nvme).0,
            ["nvme-eui.0025", "nvme-Fast_Disk_S1"]
        );
        let mut page = vec![b' '; 572];
        page[ATA_SERIAL][..4].copy_from_slice(b"1S32");
        page[ATA_MODEL][..6].copy_from_slice(b"iDksa/");
        let ata: &[(&str, &[u8])] = &[
            ("device/type", b"0"),
            ("device/vendor", b"ATA"),
            ("device/wwid", b"naa.5000c5\n"),
            ("device/vpd_pg89", &page),
        ];
        assert_eq!(
            names("sda", ata).1,
            [
                "wwn-0x5000c5-part2",
                "scsi-35000c5-part2",
                "ata-Disk_a_S123-part2"
            ]
        );
        let scsi: &[(&str, &[u8])] = &[
            ("device/type", b"0"),
            ("device/vendor", b"QEMU    "),
            ("device/model", b"QEMU HARDDISK   "),
            ("device/vpd_pg80", b"\0\x80\0\x03abc"),
        ];
        assert_eq!(names("sdb", scsi).0, ["scsi-SQEMU_QEMU_HARDDISK_abc"]);
        let usb: &[(&str, &[u8])] = &[
            ("idVendor", b"0781"),
            ("serial", b""),
            ("device/type", b"0"),
            ("device/vendor", b"SanDisk"),
            ("device/model", b"Cruzer"),
        ];
        assert_eq!(names("sdc", usb).0, ["usb-SanDisk_Cruzer-"]);
        assert_eq!(
            names("dm-0", &[("dm/name", b"root"), ("dm/uuid", b"CRYPT-x")]).0,
            ["dm-name-root", "dm-uuid-CRYPT-x"]
        );
        assert_eq!(names("loop0", &[("size", b"0")]), (Vec::new(), Vec::new()));
    }
}
