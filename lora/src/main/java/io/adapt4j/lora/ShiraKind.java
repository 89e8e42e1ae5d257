package io.adapt4j.lora;

import io.adapt4j.lora.internal.shira.ShiraUpdates;
import java.util.List;

/**
 * {@link Shira} as data:
 *
 * <pre>{@code
 * shira: {rank: 32, targets: [q_proj, v_proj]}
 * }</pre>
 */
class ShiraKind extends ProjectionMethods<Shira> {

  /** Public subclass, as {@link java.util.ServiceLoader} requires. */
  public static final class Service extends ShiraKind {

    /** Called by {@link java.util.ServiceLoader}. */
    public Service() {}
  }

  ShiraKind() {
    super(
        "shira",
        ShiraUpdates.KIND,
        Shira.class,
        Shira::new,
        Shira::config,
        List.of(
            Option.integer("rank", "r", Shira::sized),
            Option.integer("maskSeed", "random_seed", Shira::maskSeed)));
  }
}
