package io.adapt4j.spring.ai;

import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;

/**
 * Counts what a chat model does: {@code adapt4j.chat} times answers by their outcome, {@code
 * adapt4j.chat.first.token} the wait for their first text, and {@code adapt4j.chat.tokens} counts
 * tokens that were read ({@code kind=prompt}) and written ({@code kind=new}).
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
   * Counts in a registry of Micrometer.
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
   * @param time how long it took
   * @param outcome why it ended, or {@code error}
   */
  void answered(Duration time, String outcome);

  /**
   * Counts the first text of an answer.
   *
   * @param time since it was asked for
   */
  void began(Duration time);

  /**
   * Counts tokens.
   *
   * @param prompt tokens that were read
   * @param written tokens that were written
   */
  void tokens(int prompt, int written);
}
