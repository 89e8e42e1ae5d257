package io.adapt4j.speech.internal.whisper;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class WindowSegmentsTest {

  private static final int BEGIN = 100;

  @Test
  void pairsOfTimestampsDivideAndTheUnfinishedRestIsReadAgain() {
    WindowSegments found = segments(100, 1, 2, 110, 112, 3, 120, 121, 4);
    assertThat(found.frames()).isEqualTo(40);
    assertThat(found.parts()).hasSize(2);
    requirePart(found, 0, 0, 10, 100, 1, 2, 110);
    requirePart(found, 1, 12, 20, 112, 3, 120, 121);
  }

  @Test
  void aSingleTimestampAtTheEndClosesTheWindow() {
    WindowSegments found = segments(100, 1, 110, 112, 3, 120);
    assertThat(found.frames()).isEqualTo(300);
    requirePart(found, 0, 0, 10, 100, 1, 110);
    requirePart(found, 1, 12, 20, 112, 3, 120);
  }

  @Test
  void withoutPairsTheWindowIsOneSegment() {
    requirePart(segments(100, 1, 2, 130), 0, 0, 30, 100, 1, 2, 130);
    requirePart(segments(1, 2), 0, 0, 150, 1, 2);
    assertThat(segments(100, 1).frames()).isEqualTo(300);
  }

  @Test
  void aWindowAlwaysMovesOn() {
    assertThat(segments(100, 100, 1).frames()).isEqualTo(300);
    assertThat(segments().parts()).hasSize(1);
  }

  private static WindowSegments segments(int... ids) {
    return WindowSegments.of(ids, BEGIN, 300);
  }

  private static void requirePart(WindowSegments found, int at, int start, int end, int... ids) {
    WindowSegments.Part part = found.parts().get(at);
    assertThat(part.start()).isEqualTo(start);
    assertThat(part.end()).isEqualTo(end);
    assertThat(part.ids()).isEqualTo(ids);
  }
}
