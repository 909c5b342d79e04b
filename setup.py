"""Packaging of im2txt: `pip install -e .` for the library and its console scripts, `.[dev]` for the tests too."""

from pathlib import Path

from setuptools import find_packages, setup

HERE = Path(__file__).parent
VERSION = (HERE / "im2txt/__init__.py").read_text(encoding="utf-8").rpartition('__version__ = "')[2].split('"')[0]
BEAM = ["apache-beam>=2.70", "google-crc32c"]

setup(
    name="im2txt",
    version=VERSION,
    description="Image captioning for TensorFlow and Keras: photo in, sentence out.",
    long_description=(HERE / "README.md").read_text(encoding="utf-8"),
    long_description_content_type="text/markdown",
    license="Apache-2.0",
    python_requires=">=3.11,<3.14",
    packages=find_packages(include=["im2txt", "im2txt.*", "data_prep", "data_prep.*"]),
    package_data={"im2txt.evaluation": ["report_page/*", "rating_page_files/*", "retrieval_page/*"]},
    install_requires=[
        "tensorflow>=2.21,<2.22",
        "keras>=3.12",
        "tensorflow-datasets>=4.9.10",
        "keras-nlp>=0.32",
        "numpy>=1.26",
        "pillow>=11.3",  # AVIF
        "absl-py",
        "nltk>=3.9",
        "ijson>=3.3",
        "importlib_resources",  # tensorflow-datasets needs it without saying so
        "matplotlib",
        "ml_collections>=1.0",
        "tensorboard",  # tf.summary needs it, and tensorflow 2.21 no longer brings it
        "tqdm",
    ],
    extras_require={
        "beam": BEAM,
        "dev": [*BEAM, "import-linter>=2,<3", "pytest>=9,<10", "ruff>=0.17,<0.18"],
        "gpu": ["tensorflow[and-cuda]>=2.21,<2.22"],
        "official": ["pycocoevalcap"],
    },
    entry_points={
        "console_scripts": [
            "im2txt-train = im2txt.train:console",
            "im2txt-evaluate = im2txt.evaluate:console",
            "im2txt-export = im2txt.export:console",
            "im2txt-caption = im2txt.caption:console",
            "im2txt-score = im2txt.score:console",
            "im2txt-baselines = im2txt.baselines:console",
            "im2txt-import-checkpoint = im2txt.import_checkpoint:console",
            "im2txt-retrieve = im2txt.retrieve:console",
            "im2txt-rate = im2txt.rate:console",
            "im2txt-extract-features = im2txt.extract_features:console",
            "im2txt-build-records = data_prep.build_records:console",
            "im2txt-inspect-records = data_prep.inspect_records:console",
            "im2txt-save-images = data_prep.save_images:console",
        ]
    },
)
