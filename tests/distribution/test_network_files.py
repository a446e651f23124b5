"""Networks in JSON and GraphML: round trips, foreign files, and malformed ones."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from pathlib import Path
from typing import Any

import networkx as nx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tnqlstm.distribution import Link, QPUNetwork, network_files
from tnqlstm.errors import NetworkError

SUFFIXES = ("json", "graphml")
TEXT = st.text(st.characters(exclude_categories=["C", "Z"]) | st.just(" "), max_size=8)
LINKS = st.builds(
    Link,
    fidelity=st.floats(0, 1, exclude_min=True),
    rate=st.floats(0, exclude_min=True),
    latency=st.floats(0, 1e300),
)


@st.composite
def networks(draw: Any) -> QPUNetwork:
    """Any network whose names files can hold, with or without positions and limits."""
    names = draw(st.lists(TEXT | st.integers(), min_size=1, max_size=6, unique=True))
    graph = nx.Graph()
    for name in names:
        node = {"qubits": draw(st.integers(1, 10**12))}
        if draw(st.booleans()):
            node["communication_qubits"] = draw(st.none() | st.integers(0, 99))
        if draw(st.booleans()):
            node["position"] = draw(st.tuples(st.floats(-1e9, 1e9), st.floats(-1e9, 1e9)))
        graph.add_node(name, **node)
    for i, name in enumerate(names[1:], start=1):
        for other in draw(st.lists(st.sampled_from(names[:i]), min_size=1, unique=True)):
            graph.add_edge(name, other, link=draw(LINKS))
    return QPUNetwork(graph)


def same(a: QPUNetwork, b: QPUNetwork) -> bool:
    """Equal, in the order of links and in positions too."""
    positions = [nx.get_node_attributes(n.graph, "position") for n in (a, b)]
    return a == b and a.links == b.links and positions[0] == positions[1]


def example() -> QPUNetwork:
    return QPUNetwork.ring(
        3, [4, 2, 1], Link(fidelity=0.9, rate=1e3, latency=1e-5), communication_qubits=[2, None, 0]
    )


def changed(**changes: Any) -> str:
    """The example's JSON with entries replaced; None removes one."""
    data = json.loads(example().to_json())
    for path, value in changes.items():
        *parents, last = [int(p) if p.isdigit() else p for p in path.split("__")]
        entry = data
        for parent in parents:
            entry = entry[parent]
        if value is REMOVED:
            del entry[last]
        else:
            entry[last] = value
    return json.dumps(data)


REMOVED = object()


class TestRoundTrips:
    @settings(max_examples=100)
    @given(networks())
    def test_any_network_comes_back(
        self, tmp_path_factory: pytest.TempPathFactory, network: QPUNetwork
    ) -> None:
        folder = tmp_path_factory.mktemp("networks", numbered=True)
        assert same(QPUNetwork.from_json(network.to_json()), network)
        for suffix in SUFFIXES:
            network.write(folder / f"network.{suffix}")
            assert same(QPUNetwork.read(folder / f"network.{suffix}"), network)

    @pytest.mark.parametrize("suffix", SUFFIXES)
    @pytest.mark.parametrize(
        "network",
        [
            QPUNetwork.line(1, 1),
            QPUNetwork.grid(2, 3, [1, 2, 3, 4, 5, 6]),
            QPUNetwork.small_world(9, 2, link=Link(fidelity=0.7)),
            example(),
        ],
        ids=str,
    )
    def test_the_usual_shapes_come_back(
        self, tmp_path: Path, suffix: str, network: QPUNetwork
    ) -> None:
        network.write(tmp_path / f"a.{suffix}")
        assert same(QPUNetwork.read(str(tmp_path / f"a.{suffix}")), network)
        assert [entry.name for entry in tmp_path.iterdir()] == [f"a.{suffix}"]

    def test_integers_and_text_stay_apart(self, tmp_path: Path) -> None:
        graph = nx.Graph([(1, "1"), ("1", " a <&> "), (1, "")])
        nx.set_node_attributes(graph, 2, "qubits")
        for suffix in SUFFIXES:
            QPUNetwork(graph).write(tmp_path / f"a.{suffix}")
            assert QPUNetwork.read(tmp_path / f"a.{suffix}").qpus == (1, "1", " a <&> ", "")

    def test_json_text_is_the_documented_format(self, tmp_path: Path) -> None:
        text = example().to_json(tmp_path / "a.json")
        assert (tmp_path / "a.json").read_text(encoding="utf-8") == text
        data = json.loads(text)
        assert (data["format"], data["version"]) == ("tnqlstm-network", 1)
        assert data["nodes"][1]["name"] == "qpu1"
        assert data["nodes"][1]["qubits"] == 2
        assert [node["communication_qubits"] for node in data["nodes"]] == [2, None, 0]
        assert data["links"][0] == {
            "ends": ["qpu0", "qpu1"],
            "model": "ideal",
            "fidelity": 0.9,
            "rate": 1000.0,
            "latency": 1e-5,
        }
        assert json.loads(QPUNetwork.line(2, 1).to_json())["links"][0]["rate"] is None

    def test_only_what_is_needed_must_be_there(self) -> None:
        text = """{"format": "tnqlstm-network", "version": 1,
            "nodes": [{"name": "a", "qubits": 2}, {"name": 7, "qubits": 1}],
            "links": [{"ends": [7, "a"], "latency": 2}]}"""
        network = QPUNetwork.from_json(text)
        assert network.qpus == ("a", 7)
        assert network.communication_qubits == (None, None)
        assert network.link("a", 7) == Link(latency=2.0)

    def test_json_with_a_byte_order_mark(self, tmp_path: Path) -> None:
        (tmp_path / "a.json").write_text(example().to_json(), encoding="utf-8-sig")
        assert QPUNetwork.read(tmp_path / "a.json") == example()


class TestWriting:
    @pytest.mark.parametrize("name", [(0, 1), 1.5, frozenset(), True, "a\nb", "\ud800", "a\x00"])
    @pytest.mark.parametrize("suffix", SUFFIXES)
    def test_names_without_a_form(self, tmp_path: Path, suffix: str, name: Any) -> None:
        graph = nx.Graph()
        graph.add_node(name, qubits=1)
        with pytest.raises(NetworkError, match=r"QPU name .* can't be saved; printable text or an"):
            QPUNetwork(graph).write(tmp_path / f"a.{suffix}")
        assert not list(tmp_path.iterdir())

    @pytest.mark.parametrize("suffix", SUFFIXES)
    def test_a_failed_write_leaves_the_old_file(
        self, tmp_path: Path, suffix: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        path = tmp_path / f"a.{suffix}"
        example().write(path)

        def fail(*_: Any) -> None:
            raise OSError("disk full")

        with monkeypatch.context() as patch:
            patch.setattr(os, "fsync", fail)
            with pytest.raises(OSError, match="disk full"):
                QPUNetwork.line(2, 1).write(path)
        assert QPUNetwork.read(path) == example()
        assert list(tmp_path.iterdir()) == [path]
        QPUNetwork.line(2, 1).write(path)
        assert QPUNetwork.read(path) == QPUNetwork.line(2, 1)

    def test_no_folder(self, tmp_path: Path) -> None:
        with pytest.raises(FileNotFoundError, match=r"no folder .*none.* to write 'a\.json' into"):
            example().write(tmp_path / "none" / "a.json")

    @pytest.mark.parametrize("name", ["a.xml", "a", "json"])
    def test_other_suffixes(self, tmp_path: Path, name: str) -> None:
        for use in (example().write, QPUNetwork.read):
            with pytest.raises(
                NetworkError, match=rf"{name}' is no network .* \.json or \.graphml"
            ):
                use(tmp_path / name)


class TestBadJson:
    @pytest.mark.parametrize(
        ("text", "message"),
        [
            (changed(format="other"), "the format is 'other'; 'tnqlstm-network' wanted"),
            (changed(version=2), "the version is 2; this tnqlstm reads version 1. Use the"),
            (changed(version=True), "the version is True"),
            (changed(nodes=REMOVED), "the network has no nodes. Add"),
            (changed(nodes={}), "nodes is {}; a list wanted"),
            (changed(nodes=[], links=[]), "at least one QPU"),
            (changed(nodes__1=3), "node 1 is 3; an object with name, qubits"),
            (changed(nodes__1__qubits=REMOVED), "node 1 has no qubits. Add"),
            (
                changed(nodes__1__qubits="4"),
                "QPU qpu1 must be a whole number of at least 1, got '4'",
            ),
            (
                changed(nodes__1__qubits=4.5),
                "QPU qpu1 must be a whole number of at least 1, got 4.5",
            ),
            (changed(nodes__1__qubits=0), "QPU qpu1 must be a whole number of at least 1, got 0"),
            (changed(nodes__1__name=["a"]), r"node 1 has the name \['a'\]; text or an integer"),
            (changed(nodes__1__name=None), "node 1 has the name None; text or an integer"),
            (changed(nodes__1__name="qpu0"), "node 1 has the name 'qpu0' of an earlier one"),
            (changed(nodes__1__qubit=4), "node 1 has the unknown key 'qubit'; known: name, q"),
            (changed(nodes__1__position=[0]), r"qpu1 has the position \[0\]; two finite numbers"),
            (
                changed(nodes__1__communication_qubits=-1),
                "communication_qubits of QPU qpu1 must .* 0, got -1",
            ),
            (changed(links__0__ends=["qpu0", "qpu9"]), "link 0 ends at 'qpu9', .* Names: 'qpu0', "),
            (changed(links__0__ends=["qpu0"]), r"link 0 has the ends \['qpu0'\]; a list of two"),
            (changed(links__0__ends="ab"), "link 0 has the ends 'ab'; a list of two names"),
            (changed(links__0__ends=[[], {}]), r"link 0 has the name \[\]; text or an integer"),
            (changed(links__0__ends=["qpu1", "qpu1"]), "QPUs linked to themselves: qpu1"),
            (changed(links__1__ends=["qpu1", "qpu0"]), "link 1 joins 'qpu1' and 'qpu0' as an e"),
            (changed(links__0__fidelity=1.5), "link 0, qpu0 - qpu1: a link's fidelity is 1.5"),
            (
                changed(links__0__fidelity=None),
                "link 0, qpu0 - qpu1: a link's fidelity must be a number, got None",
            ),
            (
                changed(links__0__rate="fast"),
                "link 0, qpu0 - qpu1: a link's rate must be a number, got 'fast'",
            ),
            (changed(links__0__latency=-1), "a link's latency is -1.0; a finite number of seconds"),
            (changed(links__0__model="x"), "link 0, qpu0 - qpu1: unknown link model 'x'"),
            (changed(links__0__length=3), "link 0 has the unknown key 'length'; known: ends,"),
            (changed(links=[]), "3 parts with no link between them: qpu0; qpu1; qpu2"),
            (changed(links__0__rate=float("inf")), "Infinity isn't JSON; a number or null"),
            (changed(links__0__latency=float("nan")), "NaN isn't JSON; a number or null wanted"),
            (changed(links__0__rate=1.5).replace("1.5", "1e999"), "rate past the range of a float"),
            ('{"format": 1, "format": 2}', "the key 'format' is there twice"),
            ('{"version": ' + "9" * 5000 + "}", "No number of a network is that long"),
            ('{"nodes": ' * 100_000, "nested too deeply"),
            (
                "{\n  'nodes': []}",
                "line 2, column 3: Expecting property name .* truncated or isn't",
            ),
        ],
    )
    def test_what_is_wrong_is_said(self, tmp_path: Path, text: str, message: str) -> None:
        with pytest.raises(NetworkError, match=f"^the JSON text.*{message}"):
            QPUNetwork.from_json(text)
        (tmp_path / "a.json").write_text(text, encoding="utf-8")
        with pytest.raises(NetworkError, match=rf"a\.json.*{message}"):
            QPUNetwork.read(tmp_path / "a.json")

    def test_every_truncation_has_a_line_and_a_column(self) -> None:
        text = example().to_json().rstrip()
        for size in range(1, len(text)):
            with pytest.raises(NetworkError, match=r"line \d+, column \d+: .*truncated"):
                QPUNetwork.from_json(text[:size])

    @given(st.binary(max_size=40) | st.text(max_size=40).map(str.encode))
    def test_other_bytes(self, tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
        path = tmp_path_factory.getbasetemp() / "fuzzed.json"
        path.write_bytes(content)
        with pytest.raises(NetworkError, match=r"fuzzed\.json"):
            QPUNetwork.read(path)

    def test_neither_text_nor_a_file(self, tmp_path: Path) -> None:
        for source in ("[]", "", str(tmp_path / "none.json"), tmp_path):
            with pytest.raises(FileNotFoundError, match=r"no file .*\. Check the path"):
                QPUNetwork.from_json(source)

    @pytest.mark.parametrize("suffix", SUFFIXES)
    def test_huge_files(self, tmp_path: Path, suffix: str, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(network_files, "MOST_BYTES", 1 << 20)
        (tmp_path / f"a.{suffix}").write_bytes(b" " * ((1 << 20) + 1))
        with pytest.raises(NetworkError, match=rf"a\.{suffix} has more than 1 MiB"):
            QPUNetwork.read(tmp_path / f"a.{suffix}")


HEAD = """<?xml version="1.0"?>
<graphml xmlns="http://graphml.graphdrawing.org/xmlns">
 <key id="q" for="node" attr.name="qubits" attr.type="int"/>
 <key id="c" for="node" attr.name="communication_qubits" attr.type="int"/>
 <key id="n" for="node" attr.name="name" attr.type="string"/>
 <key id="x" for="node" attr.name="x" attr.type="double"/>
 <key id="l" for="node" attr.name="label" attr.type="string"/>
 <key id="f" for="edge" attr.name="fidelity" attr.type="double"/>
 <key id="m" for="edge" attr.name="model" attr.type="string"/>
"""
NODE = '<node id="{0}"><data key="q">2</data></node>'
PAIR = NODE.format("a") + NODE.format("b")
EDGE = '<edge source="a" target="b"/>'


def graphml(body: str, kind: str = "undirected") -> str:
    return f'{HEAD}<graph edgedefault="{kind}">{body}</graph></graphml>'


class TestGraphml:
    def read(self, folder: Path, text: str | bytes) -> QPUNetwork:
        content = text if isinstance(text, bytes) else text.encode()
        (folder / "a.graphml").write_bytes(content)
        return QPUNetwork.read(folder / "a.graphml")

    def test_a_file_of_another_program(self, tmp_path: Path) -> None:
        node = '<node id="a"><data key="q">3</data><data key="l">Rome</data></node>'
        edge = '<edge source="b" target="a"><data key="f">0.5</data></edge>'
        network = self.read(tmp_path, graphml(node + NODE.format("b") + edge))
        assert network.qpus == ("a", "b")
        assert network.capacities == (3, 2)
        assert network.link("a", "b") == Link(fidelity=0.5)
        assert network.graph.nodes["a"]["label"] == "Rome"

    def test_defaults_of_keys(self, tmp_path: Path) -> None:
        text = graphml(PAIR + EDGE)
        text = text.replace(
            'qubits" attr.type="int"/>\n <key id="n"',
            'qubits" attr.type="int"><default>5</default></key>\n <key id="n"',
        ).replace(
            'fidelity" attr.type="double"/>',
            'fidelity" attr.type="double"><default>0.75</default></key>',
        )
        network = self.read(tmp_path, text)
        assert network.communication_qubits == (5, 5)
        assert network.link("a", "b") == Link(fidelity=0.75)

    def test_networkx_writes_what_is_read(self, tmp_path: Path) -> None:
        graph = nx.path_graph(["x", "y", "z"])
        nx.set_node_attributes(graph, 2, "qubits")
        nx.set_edge_attributes(graph, 0.25, "latency")
        nx.write_graphml(graph, tmp_path / "a.graphml")
        assert QPUNetwork.read(tmp_path / "a.graphml") == QPUNetwork(graph)

    def test_utf_16(self, tmp_path: Path) -> None:
        text = graphml(PAIR + EDGE).replace('version="1.0"', 'version="1.0" encoding="utf-16"')
        assert self.read(tmp_path, text.encode("utf-16")).qpus == ("a", "b")

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            (graphml(""), "at least one QPU"),
            (graphml(PAIR), "2 parts with no link between them: a; b"),
            (graphml(PAIR + EDGE, "directed"), "undirected graph with one edge a link wanted, got"),
            (
                graphml(PAIR + EDGE + EDGE),
                "undirected graph with one edge a link wanted, got Multi",
            ),
            (graphml(PAIR + EDGE.replace("b", "d")), r"2 parts .*: a, d; b"),
            (graphml('<node id="a"/>'), "QPU a has no capacity"),
            (graphml(NODE.format("a").replace("2", "two")), "ValueError .*'two'"),
            (graphml(NODE.format("a").replace("2", "-2")), "the capacity of QPU a must .* got -2"),
            (
                graphml(PAIR.replace("</node>", '<data key="x">1</data></node>') + EDGE),
                r"QPU a has the position \(1.0, None\); two finite numbers wanted",
            ),
            (graphml(NODE.format("a").replace('"q"', '"zz"')), "no key zz"),
            (graphml(PAIR.replace("</node>", '<data key="n">e</data></node>')), "two nodes have"),
            (
                graphml(PAIR + EDGE.replace("/>", '><data key="f">nan</data></edge>')),
                "link a - b: a link's fidelity is nan",
            ),
            (
                graphml(PAIR + EDGE.replace("/>", '><data key="m">noisy</data></edge>')),
                "link a - b: unknown link model 'noisy'",
            ),
            (graphml("") + "<x/>", r"line \d+, column \d+: junk after document element"),
            (graphml("").replace("</graph>", ""), r"line \d+, column \d+: mismatched tag"),
            ("", "line 1, column 1: no element found"),
            ("<graphml/>", "holds 0 graphs; one graph of GraphML wanted"),
            (graphml("").replace("</graphml>", "<graph/></graphml>"), "holds 2 graphs"),
            ("<graph/>", "isn't GraphML that networkx reads"),
            (b'<?xml version="1.0" encoding="none"?><graph/>', "unknown encoding: none"),
            (b"\x00\xff\x00binary", "line 1, column 1: syntax error"),
        ],
    )
    def test_what_is_wrong_is_said(self, tmp_path: Path, text: str | bytes, message: str) -> None:
        with pytest.raises(NetworkError, match=rf"a\.graphml.*{message}"):
            self.read(tmp_path, text)

    @pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
    def test_declarations_are_refused_unread(self, tmp_path: Path, encoding: str) -> None:
        """Ten entities of ten entities each, eight deep: 10^8 names if they were expanded."""
        laughs = "".join(
            f'<!ENTITY e{i + 1} "{f"&e{i};" * 10}">' for i in range(8)
        )  # of which e8 is the last
        text = graphml(NODE.format("&e8;")).replace(
            '<?xml version="1.0"?>',
            f'<?xml version="1.0" encoding="{encoding}"?>\n'
            f'<!DOCTYPE graphml [<!ENTITY e0 "ha">{laughs}]>',
        )
        message = r"a\.graphml, line 2: a document type declaration, [^:]*: GraphML needs none\.$"
        with pytest.raises(NetworkError, match=message):
            self.read(tmp_path, text.encode(encoding))

    def test_every_truncation(self, tmp_path: Path) -> None:
        example().write(tmp_path / "whole.graphml")
        content = (tmp_path / "whole.graphml").read_bytes().rstrip()
        for size in range(0, len(content), 7):
            with pytest.raises(
                NetworkError, match=r"a\.graphml, line \d+, column \d+: .*truncated"
            ):
                self.read(tmp_path, content[:size])

    @pytest.mark.filterwarnings("ignore:No key type for id:UserWarning")
    @settings(max_examples=100)
    @given(st.integers(0, 10**9), st.integers(0, 255))
    def test_a_changed_byte(
        self, tmp_path_factory: pytest.TempPathFactory, where: int, byte: int
    ) -> None:
        """A network or a `NetworkError`, never another error."""
        content = bytearray(graphml(PAIR + EDGE).encode())
        content[where % len(content)] = byte
        folder = tmp_path_factory.getbasetemp()
        with suppress(NetworkError):
            assert self.read(folder, bytes(content)).n_qubits > 0
