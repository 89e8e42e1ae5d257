package io.adapt4j.speech.internal.audio;

import static org.assertj.core.api.Assertions.assertThat;

import io.adapt4j.core.Floats;
import io.adapt4j.core.internal.tensor.Scope;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class SpectrogramTest {

  private static final int MELS = 80;

  @Test
  void windowsOfALongRecordingAreThoseOfTheWhole() {
    float[] values = Floats.uniform(new SplittableRandom(3), 80_000);
    for (int i = 0; i < 30_000; i++) {
      values[i] *= 1e-3f;
    }
    Samples samples = Samples.of(values, 16_000);
    try (Scope scope = Scope.open()) {
      float[] whole =
          new Spectrogram(samples, settings(80_000), scope.engine()).window(0).toFloats();
      Spectrogram parts = new Spectrogram(samples, settings(32_000), scope.engine());
      assertThat(parts.frames()).isEqualTo(500);
      for (int first : new int[] {0, 150, 300, 400}) {
        float[] found = parts.window(first).toFloats();
        int held = Math.min(200, 500 - first) * MELS;
        float[] wanted = Arrays.copyOfRange(whole, first * MELS, first * MELS + held);
        assertThat(Floats.worst(found, wanted)).isLessThan(1e-6);
        assertThat(Floats.largest(Arrays.copyOfRange(found, held, found.length))).isZero();
      }
    }
  }

  @Test
  void silenceHasTheLowestValue() {
    try (Scope scope = Scope.open()) {
      Samples samples = Samples.of(new float[100], 16_000);
      float[] found =
          new Spectrogram(samples, settings(16_000), scope.engine()).window(0).toFloats();
      assertThat(found).hasSize(100 * MELS).containsOnly(-1.5f);
    }
  }

  private static MelSettings settings(int chunk) {
    return new MelSettings(16_000, 400, 160, MELS, chunk, false);
  }
}
