import os

os.environ["ADAS_PASSWORD"] = "tutorial"
