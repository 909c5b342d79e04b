"""A stand-in for Java: a `java` first on the PATH that notes how it is called and does what a test says.

`OFFICIAL` plays the tokenizer and METEOR of pycocoevalcap, with scores that are easy to tell, and `SPICE` plays
spice-1.0.jar; both take the input and give the output of the real programs.
"""

import json
import sys
from pathlib import Path

_HEAD = """#!{python} -IS
import json, os, re, sys, time
arguments = sys.argv[1:]
with open({log!r}, "a") as file:
    call = {{"arguments": arguments, "folder": os.getcwd(), "locale": os.environ["LC_ALL"], "process": os.getpid()}}
    print(json.dumps(call), file=file)
"""

# METEOR of an image is a hundredth of its words, and that of the corpus their sum.
OFFICIAL = """
if "-stdio" in arguments:
    for line in sys.stdin:
        command, *fields = line.rstrip("\\n").split(" ||| ")
        if command == "SCORE":
            print(len(fields[-1].split()), len(fields) - 1, flush=True)
        else:
            scores = [int(field.split()[0]) / 100 for field in fields]
            print(*scores, sum(scores), sep="\\n", flush=True)
else:
    with open(arguments[-1], encoding="utf-8", errors="replace", newline="") as file:
        sys.stdout.write(re.sub("[\\r\\v\\f\\u2028\\u2029]", "\\n", file.read().lower()))
"""

# SPICE of an image is a tenth of its references. The program's JSON has 1 for 1.0, and categories that may be null.
SPICE = """
with open(arguments[arguments.index("-jar") + 2]) as file:
    items = json.load(file)
with open(arguments[arguments.index("-out") + 1], "w") as file:
    scores = [{"f": 1 if len(item["refs"]) == 10 else len(item["refs"]) / 10, "pr": 0.5, "re": 0} for item in items]
    parts = [{"All": score, "Color": {"f": None, "pr": None, "re": None}} for score in scores]
    json.dump([{"image_id": item["image_id"], "scores": part} for item, part in zip(items, parts)], file, indent=2)
print("SPICE evaluation took: 1.000 s")
"""


class FakeJava:
    """A `java` that runs Python code, in which `arguments` are those it got."""

    def __init__(self, folder: Path, monkeypatch):
        self._program, self._log = folder / "bin" / "java", folder / "java.log"
        self._program.parent.mkdir()
        monkeypatch.setenv("PATH", str(self._program.parent))

    def plays(self, code: str) -> None:
        self._program.write_text(_HEAD.format(python=sys.executable, log=str(self._log)) + code, encoding="utf-8")
        self._program.chmod(0o755)

    def calls(self) -> list[dict]:
        return [json.loads(line) for line in self._log.read_text().splitlines()]
