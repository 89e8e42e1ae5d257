package io.adapt4j.core.internal.nn.family.common;

import io.adapt4j.core.internal.config.ConfigReader;
import io.adapt4j.core.internal.config.ModelConfig;
import java.util.List;

/** Reads the size of a sliding window. */
public final class SlidingWindow {

  private SlidingWindow() {}

  /**
   * Reads {@code sliding_window}.
   *
   * @return the number of tokens seen, including the current one; 0, for all, if the field is null,
   *     or if it is 0 and its switch is off
   */
  public static int size(ModelConfig model, int absent) {
    ConfigReader fields = model.fields();
    boolean off =
        fields.has("use_sliding_window")
            && !fields.bool("use_sliding_window", true)
            && fields.integers("sliding_window").equals(List.of(0));
    return off || fields.isNull("sliding_window")
        ? 0
        : fields.positiveInt("sliding_window", absent);
  }
}
