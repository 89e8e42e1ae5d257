package io.adapt4j.spring.ai;

import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;

/**
 * Meters of a chat model: {@code adapt4j.chat} times answers by their outcome, {@code
 * adapt4j.chat.first.token} the wait for their first text, and {@code adapt4j.chat.tokens} counts
 * prompt tokens ({@code kind=prompt}) and new tokens ({@code kind=new}).
 */
public interface ChatMeters {

  /** Counts nothing. */
  ChatMeters NONE =
      new ChatMeters() {
        @Override
        public void answered(Duration time, String outcome) {}

        @Override
        public void began(Duration time) {}

        @Override
        public void tokens(int prompt, int written) {}
      };

  /**
   * Creates meters in a Micrometer registry.
   *
   * @param registry the registry
   * @param model the value of the tag {@code model}
   * @return the meters
   */
  static ChatMeters of(MeterRegistry registry, String model) {
    return new ChatMeters() {
      @Override
      public void answered(Duration time, String outcome) {
        Timer.builder("adapt4j.chat")
            .description("Time of an answer")
            .tag("model", model)
            .tag("outcome", outcome)
            .register(registry)
            .record(time);
      }

      @Override
      public void began(Duration time) {
        Timer.builder("adapt4j.chat.first.token")
            .description("Time to the first text of an answer")
            .tag("model", model)
            .register(registry)
            .record(time);
      }

      @Override
      public void tokens(int prompt, int written) {
        registry.counter("adapt4j.chat.tokens", "model", model, "kind", "prompt").increment(prompt);
        registry.counter("adapt4j.chat.tokens", "model", model, "kind", "new").increment(written);
      }
    };
  }

  /**
   * Counts an answer.
   *
   * @param time its duration
   * @param outcome the finish reason, or {@code error}
   */
  void answered(Duration time, String outcome);

  /**
   * Records the first text of an answer.
   *
   * @param time time since the request
   */
  void began(Duration time);

  /**
   * Counts tokens.
   *
   * @param prompt number of prompt tokens
   * @param written number of new tokens
   */
  void tokens(int prompt, int written);
}
