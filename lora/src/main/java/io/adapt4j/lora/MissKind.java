package io.adapt4j.lora;

import io.adapt4j.lora.internal.miss.MissUpdates;
import java.util.List;

/**
 * {@link Miss} as data:
 *
 * <pre>{@code
 * miss: {rank: 64, targets: [q_proj, v_proj]}
 * }</pre>
 */
class MissKind extends ProjectionMethods<Miss> {

  /** Public subclass, as {@link java.util.ServiceLoader} requires. */
  public static final class Service extends MissKind {

    /** Called by {@link java.util.ServiceLoader}. */
    public Service() {}
  }

  MissKind() {
    super(
        "miss",
        MissUpdates.KIND,
        Miss.class,
        Miss::new,
        Miss::config,
        List.of(
            Option.integer("rank", "r", Miss::sized),
            Option.number("dropout", "miss_dropout", Miss::dropout),
            Option.integer("mini", "mini_r", Miss::mini),
            Option.flag("bat", MissUpdates.VARIANT, MissUpdates.BAT, Miss::bat),
            Option.flag("randomStart", MissUpdates.VARIANT, "false", Miss::randomStart)));
  }
}
