"""Shows what a records folder holds: counts, caption lengths, how well the vocabulary covers each split.

    python -m data_prep.inspect_records --records=DIR
    python -m data_prep.inspect_records --records=DIR --verify                  # checksums, ids, counts
    python -m data_prep.inspect_records --records=DIR --show=1000268201_693b08cb0e.jpg

Caption lengths are in words, without <start> and <end>; `95 %` is the length that 95 % of captions do not exceed.
"""

import sys
from pathlib import Path

from absl import flags

from im2txt.commands import run
from im2txt.errors import UserError

FLAGS = flags.FlagValues()
flags.DEFINE_string("records", None, "Folder of image or feature records.", flag_values=FLAGS)
flags.DEFINE_string("show", None, "Print the record of this image id.", flag_values=FLAGS)
flags.DEFINE_bool("verify", False, "Check all records against the manifest.", flag_values=FLAGS)
flags.mark_flag_as_required("records", flag_values=FLAGS)


def main(argv: list[str]) -> None:
    """Prints the folder's tables, one record, or the result of the check."""
    from data_prep.record_inspection import find_faults, find_record
    from data_prep.record_tables import folder_table, record_text

    if argv:
        raise UserError(f"Unexpected argument {argv[0]!r}: everything is given as --flag=value.")
    folder = Path(FLAGS.records)
    if FLAGS.show is not None:
        sys.stdout.write(record_text(folder, find_record(folder, FLAGS.show)))
        return
    if FLAGS.verify:
        faults = find_faults(folder)
        if faults:
            listing = "\n".join(f"  {fault}" for fault in faults)
            raise UserError(f"{folder} has {len(faults)} faults. Build the records again.\n{listing}")
        sys.stdout.write("verified: checksums, counts, image ids and word ids are right\n")
    sys.stdout.write(folder_table(folder))


def console() -> None:
    """Entry point of the console script."""
    run(main, FLAGS)


if __name__ == "__main__":
    console()
