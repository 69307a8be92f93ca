"""The blocks of PSA-YOLO: what each keeps, what it refuses, and the sizes of the spec at 416 pixels."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from analysis.detection.blocks import PSA, SPC, SPP, Focus, fitting_groups, unfocus
from analysis.detection.counting import cost_of, latency_of, parameters
from analysis.detection.network import VARIANTS, Architecture, Backbone, PsaYolo
from analysis.detection.problems import DetectionError

TINY: dict[str, Any] = {"width": 0.03125, "depth": 0.1}


def test_focus_loses_nothing() -> None:
    picture = torch.rand(2, 3, 8, 6)
    quarters = Focus()(picture)
    assert quarters.shape == (2, 12, 4, 3)
    assert torch.equal(unfocus(quarters), picture)
    assert torch.equal(quarters[:, :3], picture[..., ::2, ::2])


def test_focus_refuses_an_odd_side() -> None:
    with pytest.raises(DetectionError, match="odd"):
        Focus()(torch.zeros(1, 3, 5, 4))


def test_the_attention_of_the_branches_sums_to_one_for_every_channel() -> None:
    torch.manual_seed(0)
    block = PSA(64)
    maps = block.spc(torch.randn(3, 64, 5, 5))
    weights = block.attention(maps)
    assert weights.shape == (3, 4, 16)
    assert torch.allclose(weights.sum(1), torch.ones(3, 16))
    assert weights.std() > 0
    out = block(torch.randn(3, 64, 5, 5))
    assert out.shape == (3, 64, 5, 5)


def test_psa_weighs_its_own_branches() -> None:
    torch.manual_seed(1)
    block, x = PSA(64), torch.randn(1, 64, 4, 4)
    maps = torch.stack([branch(x) for branch in block.spc.branches], 1)
    expected = torch.cat([maps[:, k] * block.attention(maps)[:, k, :, None, None] for k in range(4)], 1)
    assert torch.allclose(block(x), expected)


@pytest.mark.parametrize(("inputs", "outputs"), [(64, 48), (64, 66), (24, 64)])
def test_channels_that_do_not_divide_into_the_groups_are_refused(inputs: int, outputs: int) -> None:
    with pytest.raises(DetectionError, match="do not divide"):
        SPC(inputs, outputs)


def test_a_narrow_network_has_smaller_groups_and_the_printed_one_those_of_the_paper() -> None:
    assert fitting_groups(16, 64) == (2, 4, 8, 16)
    assert fitting_groups(64, 512) == (2, 4, 8, 16)
    assert fitting_groups(2, 8) == (2, 2, 2, 2)


def test_pooling_keeps_the_map_and_its_largest_neighbours() -> None:
    x = torch.zeros(1, 1, 15, 15)
    x[0, 0, 7, 7] = 1.0
    pooled = SPP()(x)
    assert pooled.shape == (1, 4, 15, 15)
    assert [int(each.sum()) for each in pooled[0]] == [25, 81, 169, 1]


def test_maps_and_heads_have_the_sizes_of_the_spec_at_416() -> None:
    of = Architecture(7, width=0.125, depth=0.1)
    picture = torch.zeros(1, 3, 416, 416)
    backbone = Backbone(of).eval()
    with torch.no_grad():
        assert backbone.stem(picture).shape[-2:] == (208, 208)
        maps = backbone(picture)
        heads = PsaYolo(of).eval()(picture)
    assert [tuple(each.shape[1:]) for each in maps] == [(32, 52, 52), (64, 26, 26), (128, 13, 13)]
    assert [tuple(each.shape) for each in heads] == [(1, 3, side, side, 12) for side in (52, 26, 13)]


def test_the_printed_width_has_the_printed_channels() -> None:
    with torch.device("meta"):
        backbone = Backbone(Architecture(7))
        whole = PsaYolo(Architecture(7))
    assert backbone.stem[1][0].out_channels == 64  # type: ignore[index]
    assert [stage.join[0].out_channels for stage in backbone.stages] == [128, 256, 512, 1024]  # type: ignore[union-attr, index]
    assert whole.neck.pool.join[0].in_channels == 1024
    assert whole.neck.widths == (128, 256, 512)
    assert parameters(whole) == 44_740_656


@pytest.mark.parametrize("change", [{"has_psa": False}, {"has_spc": False}, {"has_focus": False}])
def test_every_part_can_be_left_out(change: dict[str, bool]) -> None:
    of = Architecture(3, **TINY, **change)
    heads = PsaYolo(of).eval()(torch.zeros(1, 3, 64, 64))
    assert [each.shape[2] for each in heads] == [8, 4, 2]
    assert Architecture.from_json(of.to_json()) == of
    assert parameters(PsaYolo(of)) != parameters(PsaYolo(Architecture(3, **TINY)))


def test_the_backbones_have_the_residual_blocks_of_the_paper() -> None:
    for variant, blocks in VARIANTS.items():
        of = Architecture(3, variant, width=0.03125)
        backbone = Backbone(of)
        found = [len(backbone.begin), *(len(stage.through) - 1 for stage in backbone.stages)]  # type: ignore[arg-type]
        assert tuple(found) == blocks
    with pytest.raises(DetectionError, match="variant 4"):
        Backbone(Architecture(3, 4))


def test_a_side_that_is_no_multiple_of_32_is_refused() -> None:
    with pytest.raises(DetectionError, match="multiples of 32"):
        PsaYolo(Architecture(3, **TINY))(torch.zeros(1, 3, 48, 64))


def test_multiply_adds_are_counted_as_by_hand() -> None:
    layer = torch.nn.Sequential(torch.nn.Conv2d(3, 8, 3, 2, 1, bias=False), torch.nn.Flatten())
    assert cost_of(layer, 8).macs == 8 * 4 * 4 * 3 * 9
    grouped = torch.nn.Conv2d(4, 8, 5, groups=2, padding=2)
    assert cost_of(grouped, 6, 4).flops == 2 * 8 * 36 * 2 * 25
    assert cost_of(grouped, 6, 4).parameters == 8 * 2 * 25 + 8


def test_latency_is_median_and_95th_percentile() -> None:
    found = latency_of([float(each) for each in range(1, 102)])
    assert (found.median_ms, found.p95_ms, found.times) == (51.0, 96.0, 101)
