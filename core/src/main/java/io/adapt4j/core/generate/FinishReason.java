package io.adapt4j.core.generate;

/** Why a generation ended. */
public enum FinishReason {
  /** The model produced its end-of-sequence token. */
  EOS,
  /** The text reached one of {@link GenerationOptions#stopStrings()}. */
  STOP_STRING,
  /** The model produced one of {@link GenerationOptions#stopIds()}. */
  STOP_ID,
  /** {@link GenerationOptions#maxNewTokens()} or the model's sequence limit was reached. */
  LENGTH,
  /** The generation was cancelled through its {@link CancellationToken}. */
  CANCELLED
}
