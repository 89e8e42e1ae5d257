package io.adapt4j.speech.transcript;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;

/**
 * Options of a transcription, with the names and meanings of Whisper in Transformers. Immutable and
 * safe to share between threads.
 */
public final class TranscriptionOptions {

  private static final TranscriptionOptions DEFAULTS = builder().build();

  private final Builder settings;

  private TranscriptionOptions(Builder settings) {
    this.settings = settings;
  }

  /** {@return the defaults: language detected, transcribed, without timestamps} */
  public static TranscriptionOptions defaults() {
    return DEFAULTS;
  }

  /** {@return a new builder with the defaults} */
  public static Builder builder() {
    return new Builder();
  }

  /** {@return a new builder with these options} */
  public Builder toBuilder() {
    return new Builder(settings);
  }

  /** {@return the code of the language spoken; empty to detect it} */
  public Optional<String> language() {
    return settings.language;
  }

  /** {@return the task} */
  public SpeechTask task() {
    return settings.task;
  }

  /** {@return whether segments get their times} */
  public boolean timestamps() {
    return settings.timestamps;
  }

  /** {@return text put before every window, for spelling and style; empty for none} */
  public Optional<String> prompt() {
    return settings.prompt;
  }

  /** {@return the temperatures, tried in this order} */
  public List<Double> temperatures() {
    return settings.temperatures;
  }

  /** {@return the compression ratio above which the next temperature is tried; empty for none} */
  public OptionalDouble compressionRatioThreshold() {
    return settings.compressionRatioThreshold;
  }

  /**
   * {@return the mean log-probability below which the next temperature is tried; empty for none}
   */
  public OptionalDouble logProbabilityThreshold() {
    return settings.logProbabilityThreshold;
  }

  /**
   * {@return the probability of silence above which an unsure window is left out; empty for none}
   */
  public OptionalDouble noSpeechThreshold() {
    return settings.noSpeechThreshold;
  }

  /** {@return whether the text of earlier windows is put before a window} */
  public boolean conditionOnPreviousText() {
    return settings.conditionOnPreviousText;
  }

  /** {@return the maximum number of new tokens of a window; empty for what the model has} */
  public OptionalInt maxNewTokens() {
    return settings.maxNewTokens;
  }

  /** {@return the seed of temperatures above 0} */
  public long seed() {
    return settings.seed;
  }

  /** Builder of options. Not thread safe. */
  public static final class Builder {

    private Optional<String> language = Optional.empty();
    private SpeechTask task = SpeechTask.TRANSCRIBE;
    private boolean timestamps;
    private Optional<String> prompt = Optional.empty();
    private List<Double> temperatures = List.of(0.0, 0.2, 0.4, 0.6, 0.8, 1.0);
    private OptionalDouble compressionRatioThreshold = OptionalDouble.of(1.35);
    private OptionalDouble logProbabilityThreshold = OptionalDouble.of(-1);
    private OptionalDouble noSpeechThreshold = OptionalDouble.of(0.6);
    private boolean conditionOnPreviousText;
    private OptionalInt maxNewTokens = OptionalInt.empty();
    private long seed = 42;

    private Builder() {}

    private Builder(Builder other) {
      this.language = other.language;
      this.task = other.task;
      this.timestamps = other.timestamps;
      this.prompt = other.prompt;
      this.temperatures = other.temperatures;
      this.compressionRatioThreshold = other.compressionRatioThreshold;
      this.logProbabilityThreshold = other.logProbabilityThreshold;
      this.noSpeechThreshold = other.noSpeechThreshold;
      this.conditionOnPreviousText = other.conditionOnPreviousText;
      this.maxNewTokens = other.maxNewTokens;
      this.seed = other.seed;
    }

    /**
     * States the language spoken. It is detected in the first window by default.
     *
     * @param code a code that the model knows, such as {@code en}
     */
    public Builder language(String code) {
      this.language = Optional.of(Objects.requireNonNull(code, "code").toLowerCase(Locale.ROOT));
      return this;
    }

    /** Chooses the task; {@link SpeechTask#TRANSCRIBE} by default. */
    public Builder task(SpeechTask value) {
      this.task = Objects.requireNonNull(value, "task");
      return this;
    }

    /**
     * Asks for the times of segments. Recordings of more than one window always have them: they say
     * where the next window begins.
     */
    public Builder timestamps(boolean value) {
      this.timestamps = value;
      return this;
    }

    /**
     * Sets a text put before every window, for example with names as they are spelt. Of a long one
     * the last tokens are read, at most half of what the model writes.
     */
    public Builder prompt(String text) {
      this.prompt = Optional.of(Objects.requireNonNull(text, "text")).filter(all -> !all.isBlank());
      return this;
    }

    /**
     * Sets the temperatures; 0, 0.2, 0.4, 0.6, 0.8 and 1 by default. The next one is tried where a
     * threshold says that a window's text is bad.
     *
     * @param values at least one, from 0 to 2
     */
    public Builder temperatures(double... values) {
      List<Double> all = new ArrayList<>();
      for (double value : values) {
        require("temperatures", value >= 0 && value <= 2, "numbers from 0 to 2", value);
        all.add(value);
      }
      require("temperatures", !all.isEmpty(), "at least one", "none");
      this.temperatures = List.copyOf(all);
      return this;
    }

    /** Sets the highest compression ratio of a good window; 1.35 by default. */
    public Builder compressionRatioThreshold(OptionalDouble value) {
      this.compressionRatioThreshold = finite("compressionRatioThreshold", value);
      return this;
    }

    /** Sets the lowest mean log-probability of a good window; -1 by default. */
    public Builder logProbabilityThreshold(OptionalDouble value) {
      this.logProbabilityThreshold = finite("logProbabilityThreshold", value);
      return this;
    }

    /**
     * Sets the probability of silence above which a window below {@link
     * #logProbabilityThreshold(OptionalDouble)} is left out; 0.6 by default.
     */
    public Builder noSpeechThreshold(OptionalDouble value) {
      this.noSpeechThreshold = finite("noSpeechThreshold", value);
      return this;
    }

    /**
     * Sets whether the text of earlier windows is put before a window; not by default, since an
     * error can then repeat itself.
     */
    public Builder conditionOnPreviousText(boolean value) {
      this.conditionOnPreviousText = value;
      return this;
    }

    /** Limits the new tokens of a window; by default as many as the model writes. */
    public Builder maxNewTokens(int value) {
      require("maxNewTokens", value >= 1, "at least 1", value);
      this.maxNewTokens = OptionalInt.of(value);
      return this;
    }

    /** Sets the seed of temperatures above 0; 42 by default. */
    public Builder seed(long value) {
      this.seed = value;
      return this;
    }

    private static OptionalDouble finite(String name, OptionalDouble value) {
      value.ifPresent(number -> require(name, Double.isFinite(number), "a finite number", number));
      return value;
    }

    private static void require(String name, boolean holds, String expected, Object found) {
      if (!holds) {
        throw new IllegalArgumentException(name + ": expected " + expected + ", found " + found);
      }
    }

    /** {@return the options} */
    public TranscriptionOptions build() {
      return new TranscriptionOptions(new Builder(this));
    }
  }
}
