"""Write, audit, publish: a build works in a file of its own, and readers see the last version that passed all checks.

The working file (``work_file``) is what dbt fills and what fails, is killed or locked. A version is a file of what
readers may see, made when a build of the whole project has passed. One rename gives it the name of the published file
(``warehouse_file``), so a reader has the version before or this one, never a mixture, and keeps the one that they hold
open.
"""
