package io.adapt4j.core;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.assertj.core.api.ThrowableAssert.ThrowingCallable;

/** Assertion that a call is refused, in one line. */
public final class Refusals {

  private Refusals() {}

  /** Requires an exception of this type, whose message contains each of the texts. */
  public static void refuses(
      Class<? extends Throwable> type, ThrowingCallable call, String... texts) {
    var thrown = assertThatThrownBy(call).isInstanceOf(type);
    for (String text : texts) {
      thrown.hasMessageContaining(text);
    }
  }
}
