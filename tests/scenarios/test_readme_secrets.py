"""The README's other recipes on secrets, typed word for word: keyring, systemd, secret check, plugins, sudo."""

from __future__ import annotations

import re
import shutil
import tomllib

import pytest
import yaml

from tests.scenarios.harness import BIN
from tests.scenarios.newcomer import README, blocks
from tests.scenarios.recipes import ALL_CAN, BLOCKS, Place, block

pytestmark = [pytest.mark.servers, pytest.mark.xdist_group("newcomer")]


def test_each_block_is_tried() -> None:
    for one in blocks("Secrets"):
        assert any(text in one.text for text in BLOCKS.values()), f"no recipe of this test: {one.text}"
    for name in BLOCKS:
        assert block(name).text


SERVICE = "gnome-keyring-daemon --unlock --components=secrets < ~/keyring >/dev/null"


@pytest.mark.parametrize("root", [False, True], ids=["ann", "root"])
def test_secret_set(place: Place, root: bool) -> None:
    """At the prompt and by a pipe, over ssh, as whoever it is."""
    asking, piping = block("secret set").script.splitlines()
    prompts = {line.strip(): "typed" for line in block("secret set").text.splitlines() if line.endswith(":")}
    user = "root" if root else "ann"
    script = f"""
printf %s unlock > ~/keyring
cat > ~/inside <<'EOF'
{SERVICE}
{asking}
secret-tool lookup service dts username lab@acme.example
{piping}
secret-tool lookup service dts username lab@acme.example
EOF
PASSWORD=' piped ' dbus-run-session -- sh ~/inside"""
    told = place.machine.types(script, prompts, root=root)
    assert len(prompts) == 2
    assert told.count(f"stored keyring://dts/lab@acme.example in {user}'s keyring (Secret Service)") == 2
    assert "typed" in told.rpartition("Repeat")[2]
    assert told.splitlines()[-1] == " piped "


def test_a_keyring_without_a_desktop(place: Place) -> None:
    """As root, over ssh: the first time, and again without the line of the first time."""
    place.profile(password="keyring://dts/lab@acme.example")
    questions = {
        "Password of the keyring:": "unlock me",
        "Secret:": place.password,
        "Repeat for confirmation:": place.password,
    }
    shutil.rmtree(place.machine.folder / "root/.local", ignore_errors=True)
    script = block("headless").script
    told = place.machine.types(script, questions, root=True)
    assert ALL_CAN in told
    assert "proven for dtsconf" in told
    again = "".join(line for line in script.splitlines(keepends=True) if "first time" not in line and "IFS" not in line)
    told = place.machine.types(again.partition("\n")[2], root=True)
    assert ALL_CAN in told
    assert "Nothing to change" in told


def test_msmtp_asks_the_keyring(place: Place) -> None:
    """An entry that secret-tool made, as the README has it, is read by dtsconf and by msmtp, which sends with it."""
    place.profile(password="keyring://dts/lab@acme.example", secrets={"deliver": "reference"}, targets=["dts", "msmtp"])
    to = place.mail.fresh_recipient()
    place.machine.writes("letter", "Subject: by msmtp\n\nhello\n")
    script = f"""
printf %s unlock > ~/keyring; rm -rf ~/.local
cat > ~/inside <<'EOF'
{SERVICE}
printf %s "$PASSWORD" | secret-tool store --label='the mail account' service dts username lab@acme.example
dtsconf apply --yes --root try --profile site.yaml
grep passwordeval try/etc/msmtprc
msmtp -C try/etc/msmtprc {to} < letter
EOF
dbus-run-session -- sh -e ~/inside"""
    told = place.machine.types(script, environ={"PASSWORD": place.password})
    assert "proven for dtsconf" in told
    assert 'passwordeval "secret-tool lookup service dts username lab@acme.example"' in told
    place.mail.wait_for_mail(to, subject="by msmtp")
    assert "secret-tool store --label=... service SERVICE username USER" in " ".join(README.read_text("utf-8").split())


def test_systemd_credentials(place: Place) -> None:
    """systemd itself doesn't run here: what it does for the unit, a folder with the credential, is done by hand. Its
    own program seals and opens, and looks the unit over."""
    place.machine.types(block("systemd").script, {"Password:": place.password})
    place.profile(password="systemd://smtp")
    unit = block("unit").text.replace("/usr/bin/dtsconf", "/usr/local/bin/dtsconf")
    (place.machine.etc / "systemd/system/dtsconf-apply.service").write_text(unit)
    told = place.machine.types(
        f"""
sudo systemd-analyze verify dtsconf-apply.service
sudo install -D -m 400 /etc/dts/secrets/smtp /etc/dts/given/smtp
sudo CREDENTIALS_DIRECTORY=/etc/dts/given dtsconf apply --yes --profile site.yaml
{block("sealed").script}
sudo rm -r /etc/dts/given; sudo mkdir /etc/dts/given
sudo systemd-creds decrypt --name=smtp /etc/dts/secrets/smtp.cred /etc/dts/given/smtp
sudo CREDENTIALS_DIRECTORY=/etc/dts/given dtsconf secret check --profile site.yaml"""
    )
    assert "proven for dtsconf" in told
    assert ALL_CAN in told
    assert (place.machine.etc / "dts/given/smtp").read_text() == place.password
    assert not (place.machine.etc / "dts/secrets/smtp").exists()


def test_what_secret_check_shows(place: Place) -> None:
    """The README's example, as far as it doesn't speak of times."""
    place.profile(password="keyring://dts/lab@acme.example")
    path = place.machine.home / "site.yaml"
    whole = yaml.safe_load(path.read_text())
    whole["settings"]["microsoft"] = {"client_secret": "systemd://graph"}
    path.write_text(yaml.safe_dump(whole))
    script = f"""
printf %s unlock > ~/keyring; rm -rf ~/.local
cat > ~/inside <<'EOF'
{SERVICE}
printf %s x | dtsconf secret set keyring://dts/lab@acme.example
{block("check").script.strip()} || test $? = 5
EOF
dbus-run-session -- sh -e ~/inside"""
    told = _untimed(place.machine.types(script, root=True))
    shown = block("check").text.partition("\n")[2]
    for line in shown.splitlines():
        assert _untimed(line) in told, told


def _untimed(text: str) -> str:
    return re.sub(r"\d+ ms", "N ms", text)


def test_the_plugin_of_the_readme(place: Place) -> None:
    """Its class as it stands, its entry point as it stands, in an installed package's shape."""
    packages = place.machine.home / "packages"
    about = packages / "dtsconf_pass-1.dist-info"
    about.mkdir(parents=True)
    (packages / "dtsconf_pass.py").write_text(block("plugin").text)
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: dtsconf-pass\nVersion: 1\n")
    points = tomllib.loads(block("entry point").text)["project"]["entry-points"]
    lines = [f"[{group}]\n" + "".join(f"{n} = {v}\n" for n, v in found.items()) for group, found in points.items()]
    (about / "entry_points.txt").write_text("\n".join(lines))
    place.profile(password="pass://mail/relay")
    script = "dtsconf secret check --profile site.yaml || test $? = 5"
    told = place.machine.types(script, environ={"PYTHONPATH": str(packages)})
    assert "what is wrong; hint: what to type next" in told


def test_what_a_password_in_clear_is_answered_with(place: Place) -> None:
    """The command of the hint, typed as it stands, and the reference that it names."""
    place.profile(password="in clear")
    told = place.machine.types("dtsconf validate site.yaml || test $? = 3")
    assert "in clear" not in told.replace("secret in clear", "")
    (command, reference) = re.findall(
        r"store it with `(.+?)` and write password: (file://\S+?);", " ".join(told.split())
    )[0]
    place.machine.types(command, {"secret:": place.password})
    place.profile(password=reference)
    told = place.machine.types(
        "sudo dtsconf secret check --profile site.yaml; sudo dtsconf apply --yes --profile site.yaml"
    )
    assert ALL_CAN in told
    assert "proven for dtsconf" in told


def test_sudo_finds_the_program(place: Place) -> None:
    """The line of the README's installation, for a program in the user's home."""
    (line,) = re.findall(r"`(sudo ln -s [^`]+)`", README.read_text("utf-8"))
    script = f"""
mkdir -p ~/.local/bin; ln -sf {BIN}/dtsconf ~/.local/bin/dtsconf; sudo rm /usr/local/bin/dtsconf
export PATH=$HOME/.local/bin:$PATH
! sudo dtsconf --version
{line}
sudo dtsconf --version"""
    assert re.search(r"^dtsconf \d", place.machine.types(script), re.MULTILINE)
