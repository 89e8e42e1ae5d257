package io.adapt4j.lora;

import io.adapt4j.lora.internal.oft.OftUpdates;
import java.util.List;

/**
 * {@link Oft} as data:
 *
 * <pre>{@code
 * oft: {blockSize: 32, targets: [q_proj, v_proj]}
 * }</pre>
 */
class OftKind extends ProjectionMethods<Oft> {

  /** Public subclass, as {@link java.util.ServiceLoader} requires. */
  public static final class Service extends OftKind {

    /** Called by {@link java.util.ServiceLoader}. */
    public Service() {}
  }

  OftKind() {
    super(
        "oft",
        OftUpdates.KIND,
        Oft.class,
        Oft::new,
        Oft::config,
        List.of(
            Option.integer("blockSize", "oft_block_size", (oft, size) -> oft.sized(0, size)),
            Option.integer("blocks", "r", (oft, blocks) -> oft.sized(blocks, 0)),
            Option.number("constrained", "eps", Oft::constrained),
            Option.flag("shareBlocks", "block_share", "true", Oft::shareBlocks),
            Option.flag("exactRotations", "use_cayley_neumann", "false", Oft::exactRotations),
            Option.integer("terms", "num_cayley_neumann_terms", Oft::terms)));
  }
}
