import io
import logging

from mmext.engine.terminal_log import quieten_terminal


def test_blocks_and_machinery_go_to_the_file_alone(tmp_path):
    terminal = io.StringIO()
    logger = logging.Logger("test")
    logger.addHandler(logging.StreamHandler(terminal))
    logger.addHandler(logging.FileHandler(tmp_path / "log"))
    quieten_terminal(logger)
    logger.info("\n----\nSystem environment:\n    torch: 2")
    logger.info("Exp name: %s", "trunk_2026")
    logger.warning("resumed key: loss is not defined in message_hub, just skip")
    logger.info("Epoch(val) [1]  target: IoU 0.5")
    logger.warning("CFDR is 71.8%")
    logger.error("two\nlines")
    assert terminal.getvalue().splitlines() == [
        *("Epoch(val) [1]  target: IoU 0.5", "CFDR is 71.8%", "two", "lines"),
    ]
    kept = (tmp_path / "log").read_text()
    assert "System environment" in kept and "Exp name: trunk_2026" in kept
