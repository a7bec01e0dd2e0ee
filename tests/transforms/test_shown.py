"""A pipeline in a notebook: its steps with settings, units and fidelity; nothing is computed."""

import dataclasses

import numpy as np

import vidsr
from vidsr.transforms.degrade import Noise


def plain(pipe):
    """Its page without style."""
    return pipe._repr_html_().replace(' style="text-align:left"', "")


def test_a_pipeline_shows_every_setting_with_its_unit():
    page = plain(vidsr.denoise(model="nlm") | vidsr.regrain(0.02))
    assert (
        page.count("<tr>") == 1 + 4 + 3 + 1
    )  # head, sigma strength radius search, strength size colour, the whole
    assert "<td>None (from the clip)</td><td>signal in [0, 1], standard deviation</td>" in page
    assert "<th rowspan=3>Regrain</th><td>strength</td><td>0.02</td><td>signal</td>" in page
    assert "<td rowspan=4>faithful</td>" in page and page.endswith("<td>generative</td></tr></table>")
    assert "seed" not in page


def test_a_step_shows_as_a_pipeline_of_one():
    step = vidsr.resize(2)
    assert step._repr_html_() == vidsr.pipeline(step)._repr_html_()
    assert "<th rowspan=1>pipeline" not in vidsr.pipeline()._repr_html_()


def test_text_is_escaped():
    step = dataclasses.replace(vidsr.super_resolve(model="tiny"), model="<b>")
    assert "<td>&lt;b&gt;</td>" in plain(step) and "<b>" not in plain(step)


def test_a_number_without_dims_is_shown():
    assert "<td>0.03</td>" in plain(Noise(sigma=np.asarray(0.03, np.float32)))
