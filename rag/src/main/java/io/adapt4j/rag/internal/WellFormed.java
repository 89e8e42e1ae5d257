package io.adapt4j.rag.internal;

import io.adapt4j.core.internal.UnpairedSurrogates;
import java.nio.charset.StandardCharsets;

/** Repair of texts that tokenizers would reject. */
public final class WellFormed {

  private WellFormed() {}

  /** Replaces unpaired surrogates. */
  public static String of(String text) {
    return UnpairedSurrogates.indexIn(text) < 0
        ? text
        : new String(text.getBytes(StandardCharsets.UTF_8), StandardCharsets.UTF_8);
  }
}
