"""systemd as process 1 of a root, so that it starts the unit itself: with its user, its sandbox and
its filter of system calls."""

import os
import re
import subprocess
import time
from pathlib import Path

# Arguments: root, cgroup of this machine ("" if there is none to use).
BOOT = r"""
set -e
root="$1"; hierarchy="$2"
mount --make-rprivate /
mount --bind "$root" "$root"
mount -t proc proc "$root/proc"
mount -t sysfs -o ro sysfs "$root/sys"
if [ "$hierarchy" = unified ]; then
  mount -t cgroup2 cgroup "$root/sys/fs/cgroup"
else
  mount -t tmpfs tmpfs "$root/sys/fs/cgroup"
  mkdir "$root/sys/fs/cgroup/systemd"
  mount -t cgroup -o none,name=systemd cgroup "$root/sys/fs/cgroup/systemd"
fi
mount -t tmpfs tmpfs "$root/run"
mount -t tmpfs tmpfs "$root/tmp"
mkdir -p "$root/old"
cd "$root"
pivot_root . old
umount -l /old
exec env -i container=lxc PATH=/usr/sbin:/usr/bin:/sbin:/bin /lib/systemd/systemd
"""


class BootedRoot:
    """Raises RuntimeError where this machine does not let systemd start."""

    def __init__(self, path, timeout=40):
        legacy = Path("/sys/fs/cgroup/systemd")
        parent = legacy if legacy.is_dir() else Path("/sys/fs/cgroup")
        self.group = parent / f"packaging-test-{os.getpid()}"
        try:
            self.group.mkdir()
            (self.group / "cgroup.procs").stat()
        except OSError as failure:
            raise RuntimeError(f"no cgroup to be had: {failure}") from None
        hierarchy = "legacy" if legacy.is_dir() else "unified"
        self.outer = subprocess.Popen(
            ["sh", "-c", 'echo $$ >"$0/cgroup.procs" && exec "$@"', self.group,
             "unshare", "--mount", "--pid", "--fork", "--kill-child", "--cgroup", "--uts", "--ipc",
             "sh", "-c", BOOT, "sh", path, hierarchy],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        deadline = time.monotonic() + timeout
        while (state := self.state()) not in ("running", "degraded"):
            if self.outer.poll() is not None or time.monotonic() > deadline:
                self.outer.kill()
                said = self.outer.stdout.read().decode(errors="replace")[-500:]
                self.close()
                raise RuntimeError(f"systemd did not come up ({state}): {said}")
            time.sleep(0.2)

    def pid(self):
        try:
            text = Path(f"/proc/{self.outer.pid}/task/{self.outer.pid}/children").read_text()
            return int(text.split()[0])
        except (OSError, IndexError):
            return None

    def run(self, *words, check=True):
        done = subprocess.run(
            ["nsenter", "-t", str(self.pid()), "-m", "-p", "-u", "-i", "-C", "-r", "-w",
             *[str(word) for word in words]], capture_output=True, text=True, timeout=120,
            env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8"})
        assert not check or done.returncode == 0, f"{words}: {done.stdout}\n{done.stderr}"
        return done.stdout

    def state(self):
        return self.run("systemctl", "is-system-running", check=False).strip() if self.pid() else ""

    def wait_for_log(self, unit, pattern, timeout=30):
        """The first group of `pattern` in the unit's part of the journal, once it is there."""
        deadline = time.monotonic() + timeout
        while True:
            text = self.run("journalctl", "-u", unit, "--no-pager", "-o", "cat")
            if found := re.search(pattern, text):
                return found[1]
            assert time.monotonic() < deadline, f"no {pattern} in: {text[-3000:]}"
            time.sleep(0.2)

    def close(self):
        self.outer.kill()
        self.outer.wait(10)
        self.outer.stdout.close()
        for _ in range(50):  # the kernel ends what was in it; groups are freed when empty
            for folder, _, _ in os.walk(self.group, topdown=False):
                try:
                    os.rmdir(folder)
                except OSError:
                    time.sleep(0.1)
            if not self.group.exists():
                break
