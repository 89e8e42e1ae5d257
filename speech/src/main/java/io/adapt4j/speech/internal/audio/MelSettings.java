package io.adapt4j.speech.internal.audio;

import io.adapt4j.core.internal.config.ConfigReader;
import java.nio.file.Path;

/**
 * Settings of the features of a model, from its {@value #FILE}.
 *
 * @param window samples of one Fourier transform
 * @param hop samples from one frame to the next
 * @param chunk samples that the model reads at a time
 * @param normalize whether samples are scaled to mean 0 and variance 1
 */
public record MelSettings(int rate, int window, int hop, int mels, int chunk, boolean normalize) {

  public static final String FILE = "preprocessor_config.json";

  private static final String OTHER = "This build computes features without it; change the file.";

  /** Reads the settings; processors of version 5 have them in another file. */
  public static MelSettings read(Path folder) {
    ConfigReader fields = fields(folder);
    fields
        .optionalText("feature_extractor_type")
        .filter(type -> !type.equals("WhisperFeatureExtractor"))
        .ifPresent(
            type -> {
              throw fields.invalid("feature_extractor_type", "WhisperFeatureExtractor", OTHER);
            });
    require(fields, "dither", 0);
    require(fields, "padding_value", 0);
    fields
        .optionalText("padding_side")
        .filter(side -> !side.equals("right"))
        .ifPresent(
            side -> {
              throw fields.invalid("padding_side", "right", OTHER);
            });
    int rate = fields.positiveInt("sampling_rate", 16_000);
    int window = fields.positiveInt("n_fft", 400);
    int hop = fields.positiveInt("hop_length", 160);
    int chunk = Math.multiplyExact(fields.positiveInt("chunk_length", 30), rate);
    if (window % 2 != 0) {
      throw fields.invalid("n_fft", "an even number", "Correct it.");
    }
    if (rate < 2 * window || hop > window || chunk <= window || chunk % hop != 0) {
      throw fields.invalid(
          "hop_length",
          "at most n_fft, and a divisor of the samples in chunk_length",
          "Correct the file.");
    }
    return new MelSettings(
        rate,
        window,
        hop,
        fields.positiveInt("feature_size", 80),
        chunk,
        fields.bool("do_normalize", false));
  }

  private static ConfigReader fields(Path folder) {
    Path whole = folder.resolve("processor_config.json");
    Path own = folder.resolve(FILE);
    if (!own.toFile().exists() && whole.toFile().exists()) {
      return ConfigReader.read(whole)
          .child("feature_extractor")
          .orElseGet(() -> ConfigReader.read(own));
    }
    return ConfigReader.read(own);
  }

  private static void require(ConfigReader fields, String field, double value) {
    if (fields.optionalNumber(field).orElse(value) != value) {
      throw fields.invalid(field, String.valueOf(value), OTHER);
    }
  }

  /** Returns the number of frames that the model reads at a time. */
  public int frames() {
    return chunk / hop;
  }
}
