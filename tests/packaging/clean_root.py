"""A minimal Debian 12 in a folder, for one installation of the package."""

import os
import subprocess

MIRROR = os.environ.get("CCAPI_DEBIAN_MIRROR", "http://deb.debian.org/debian")
# What is not in the package's dependencies: the reader of manuals, the loader of completions, and
# systemd, which need not run where the package is installed.
EXTRA = "man-db,bash-completion,systemd-sysv"
UNSHARE = ["unshare", "--mount", "--pid", "--fork", "--kill-child"]


def run(*command, timeout=600, **options):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True,
                          timeout=timeout, **options)
    assert done.returncode == 0, f"{command}: {done.stdout[-4000:]}\n{done.stderr[-4000:]}"
    return done.stdout


class CleanRoot:
    def __init__(self, path, cache):
        self.path = path
        self.archives = cache / "archives"
        (self.archives / "partial").mkdir(parents=True, exist_ok=True)
        tarball = cache / "bookworm.tar"
        if not tarball.exists():
            unfinished = cache / "unfinished.tar"
            run("mmdebstrap", "--mode=root", "--variant=apt", f"--include={EXTRA}", "bookworm",
                unfinished, MIRROR)
            unfinished.rename(tarball)
        run("tar", "-xpf", tarball, "-C", path, "--numeric-owner")
        run("cp", "--dereference", "/etc/resolv.conf", path / "etc/resolv.conf")

    def command(self, *words):
        """`words` in the root, in namespaces of its own: the first program is process 1, and
        nothing stays mounted or running."""
        script = ('mount -t proc proc "$0/proc" && mount --bind "$1" "$0/var/cache/apt/archives" '
                  '&& root="$0" && shift && exec chroot "$root" "$@"')
        return [*UNSHARE, "sh", "-c", script, str(self.path), str(self.archives),
                *[str(word) for word in words]]

    def run(self, *words, timeout=600):
        return run(*self.command(*words), timeout=timeout,
                   env={"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
                        "DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C.UTF-8", "HOME": "/root"})

    def apt(self, *words):
        return self.run("apt-get", "-q", "-y", "-o", "APT::Keep-Downloaded-Packages=true",
                        "-o", "Dpkg::Options::=--force-unsafe-io", *words)

    def named_after(self, name):
        """All paths whose last part holds `name`, outside of caches, logs and temporary files."""
        return sorted(run("find", self.path, "-xdev", "-name", f"*{name}*",
                          *[word for folder in ("proc", "tmp", "var/cache", "var/log", "var/tmp")
                            for word in ("-not", "-path", f"{self.path}/{folder}/*")]).split())
