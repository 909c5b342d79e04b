"""Shows what a records folder holds: counts, caption lengths, how well the vocabulary covers each split.

    python -m data_prep.inspect_records --records=DIR
    python -m data_prep.inspect_records --records=DIR --verify                  # checksums, pixels, ids, counts
    python -m data_prep.inspect_records --records=DIR --show=1000268201_693b08cb0e.jpg
    python -m data_prep.inspect_records --records=DIR --html=sheet.html         # photos and captions

Caption lengths are in words, without <start> and <end>; 95 % of the captions are no longer than `95 %`.
"""

import sys
from pathlib import Path

from absl import flags

from im2txt.commands import run
from im2txt.errors import UserError
from im2txt.files import write_whole

FLAGS = flags.FlagValues()
flags.DEFINE_string("records", None, "folder of image or feature records", flag_values=FLAGS)
flags.DEFINE_string("show", None, "print the record of this image id", flag_values=FLAGS)
flags.DEFINE_string("html", None, "write a page with images of every split to this file", flag_values=FLAGS)
flags.DEFINE_integer("html_images", 24, "images of each split on the page", 1, flag_values=FLAGS)
flags.DEFINE_bool("verify", False, "check all records against the manifest", flag_values=FLAGS)
flags.mark_flag_as_required("records", flag_values=FLAGS)


def main(argv: list[str]) -> None:
    """Prints the folder's tables, one record, or the result of the check."""
    del argv
    from data_prep.contact_sheet import contact_sheet
    from data_prep.record_inspection import find_faults, find_record
    from data_prep.record_tables import folder_table, record_text

    folder = Path(FLAGS.records)
    if FLAGS.show is not None and (FLAGS.verify or FLAGS.html is not None):
        raise UserError("--show prints one record and does nothing else. Leave out --verify and --html, or --show.")
    if FLAGS.show is not None:
        sys.stdout.write(record_text(folder, find_record(folder, FLAGS.show)))
        return
    if FLAGS.verify:
        faults = find_faults(folder)
        if faults:
            listing = "\n".join(f"  {fault}" for fault in faults)
            raise UserError(
                f"{folder} is not what its manifest says. Delete what is damaged, and give the command that made it "
                f"again: it makes anew what is missing.\n{listing}"
            )
        sys.stdout.write("verified: checksums, counts, images, image ids and word ids are right\n")
    if FLAGS.html is not None:
        write_whole(FLAGS.html, contact_sheet(folder, FLAGS.html_images))
    sys.stdout.write(folder_table(folder))


def console() -> None:
    """Entry point of the console script."""
    run(main, FLAGS)


if __name__ == "__main__":
    console()
