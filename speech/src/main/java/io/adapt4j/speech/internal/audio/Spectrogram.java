package io.adapt4j.speech.internal.audio;

import io.adapt4j.core.internal.tensor.Engine;
import io.adapt4j.core.internal.tensor.Operator;
import io.adapt4j.core.internal.tensor.OperatorLibrary;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.Tensor;

/**
 * Log-mel features of a recording, in windows. Values are relative to the loudest of the whole
 * recording, which is therefore read once beforehand if it has more than one window. Whisper's
 * extractor in Transformers computes the same.
 */
public final class Spectrogram {

  private static final OperatorLibrary LIBRARY = OperatorLibrary.of(Spectrogram.class, "audio.py");
  private static final Operator LOG_MEL = LIBRARY.operator("log_mel");
  private static final Operator LARGEST = LIBRARY.operator("largest");
  private static final Operator SCALED = LIBRARY.operator("scaled_mels");

  private static final double TINY = 1e-7;

  private final Samples samples;
  private final MelSettings settings;
  private final Engine engine;
  private final float[] filters;
  private final long length;
  private final double mean;
  private final double deviation;
  private final double loudest;

  /** Prepares the features of samples at the model's rate. */
  public Spectrogram(Samples samples, MelSettings settings, Engine engine) {
    this.samples = samples;
    this.settings = settings;
    this.engine = engine;
    this.filters = MelFilters.of(settings.window() / 2 + 1, settings.mels(), settings.rate());
    // A recording of one window is filled up with silence, a longer one is read as it is.
    this.length = Math.max(samples.count(), settings.chunk());
    double[] moments = settings.normalize() ? moments() : new double[] {0, 1};
    this.mean = moments[0];
    this.deviation = moments[1];
    this.loudest = loudest();
  }

  /** Returns the number of frames with sound. */
  public long frames() {
    return samples.count() / settings.hop();
  }

  /** Returns whether all of the recording is in one window. */
  public boolean isShort() {
    return samples.count() <= settings.chunk();
  }

  private double[] moments() {
    double sum = 0;
    double squares = 0;
    for (long first = 0; first < samples.count(); first += settings.chunk()) {
      int part = Math.toIntExact(Math.min(settings.chunk(), samples.count() - first));
      for (float value : samples.read(first, part)) {
        sum += value;
        squares += (double) value * value;
      }
    }
    double found = sum / Math.max(1, samples.count());
    double variance = Math.max(0, squares / Math.max(1, samples.count()) - found * found);
    return new double[] {found, Math.sqrt(variance + TINY)};
  }

  private double loudest() {
    double found = Double.NEGATIVE_INFINITY;
    long all = length / settings.hop();
    for (long first = 0; first < all; first += settings.frames()) {
      int part = Math.toIntExact(Math.min(settings.frames(), all - first));
      try (Scope scope = Scope.open(engine)) {
        found = Math.max(found, LARGEST.number(energies(first, part)));
      }
    }
    return found;
  }

  /**
   * Computes the features of one window.
   *
   * @return [1, frames, mels], in the open scope; 0 after the last frame of a longer recording
   */
  public Tensor window(long first) {
    int part = Math.toIntExact(Math.min(settings.frames(), length / settings.hop() - first));
    return SCALED.tensor(energies(first, part), loudest, settings.frames());
  }

  private Tensor energies(long first, int frames) {
    int half = settings.window() / 2;
    long from = first * settings.hop() - half;
    int count = (frames - 1) * settings.hop() + settings.window();
    float[] read = read(from, count);
    return LOG_MEL.tensor(
        Tensor.of(read, count),
        Tensor.of(filters, settings.window() / 2 + 1, settings.mels()),
        settings.window(),
        settings.hop());
  }

  /** Reads samples, mirrored at both ends. */
  private float[] read(long from, int count) {
    float[] values = scaled(from, count);
    int half = settings.window() / 2;
    if (from < 0) {
      float[] mirrored = scaled(1, half);
      for (int i = 0; i < -from && i < count; i++) {
        values[i] = mirrored[Math.toIntExact(-from - i - 1)];
      }
    }
    if (from + count > length) {
      float[] mirrored = scaled(length - 1 - half, half);
      for (long at = Math.max(length, from); at < from + count; at++) {
        values[Math.toIntExact(at - from)] = mirrored[Math.toIntExact(half - 1 - (at - length))];
      }
    }
    return values;
  }

  private float[] scaled(long from, int count) {
    float[] values = samples.read(from, count);
    if (settings.normalize()) {
      for (int i = 0; i < count; i++) {
        boolean known = from + i >= 0 && from + i < samples.count();
        values[i] = known ? (float) ((values[i] - mean) / deviation) : 0;
      }
    }
    return values;
  }
}
