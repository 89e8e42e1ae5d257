package io.adapt4j.lora;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.exception.CheckpointException;
import io.adapt4j.core.internal.describe.Fields;
import io.adapt4j.core.internal.method.MethodMechanics;
import io.adapt4j.core.internal.nn.adapter.AdapterMechanics;
import io.adapt4j.core.method.FineTuningMethod;
import io.adapt4j.core.method.WeightFormat;
import io.adapt4j.lora.internal.peft.AdapterKind;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Set;

/**
 * {@link Lora} as data:
 *
 * <pre>{@code
 * lora: {rank: 16, alpha: 32, targets: [q_proj, v_proj]}
 * }</pre>
 */
class LoraKind implements AdapterKind {

  static final String TYPE = "LORA";

  /** Presets by name. */
  private enum Preset {
    LEARN_MOST,
    FORGET_LEAST;

    Lora lora() {
      return this == LEARN_MOST ? Lora.learnMost() : Lora.forgetLeast();
    }
  }

  /** Public subclass, as {@link java.util.ServiceLoader} requires. */
  public static final class Service extends LoraKind {

    /** Called by {@link java.util.ServiceLoader}. */
    public Service() {}
  }

  @Override
  public String name() {
    return "lora";
  }

  @Override
  public Optional<FineTuningMethod> read(Fields options) {
    options.exclude("rank", "continuing", "preset");
    Optional<Path> adapter = options.file("continuing");
    Optional<Integer> rank = options.integer("rank", 1);
    if (adapter.isPresent()) {
      return continuing(options, adapter.get());
    }
    Set<String> written = options.written();
    boolean ranked = !written.contains("continuing") && !written.contains("preset");
    if (ranked) {
      options.require(
          "rank", "Write 'rank: 16', or 'continuing: FOLDER' to go on with an adapter.");
    }
    Optional<Lora> preset = options.choice("preset", Preset.class).map(Preset::lora);
    // Without a rank the other options are still checked.
    Lora lora = preset.orElseGet(() -> Lora.rank(rank.orElse(1)));
    for (LoraOption option : LoraOption.ALL) {
      lora = option.reader().apply(options, lora);
    }
    return rank.isPresent() || preset.isPresent() ? Optional.of(lora) : Optional.empty();
  }

  /**
   * Returns the method that continues a stored adapter, which fixes all options but dropout and B's
   * learning rate.
   */
  private static Optional<FineTuningMethod> continuing(Fields options, Path adapter) {
    try {
      Lora lora = LoraOption.DROPOUT.reader().apply(options, Lora.continuing(adapter));
      return Optional.of(LoraOption.PLUS.reader().apply(options, lora));
    } catch (CheckpointException e) {
      options.problem("continuing", e.getMessage());
      return Optional.empty();
    }
  }

  @Override
  public Optional<ObjectNode> write(FineTuningMethod method) {
    // Other formats cannot be described: they are code, or belong to another method.
    if (!(method instanceof Lora lora) || lora.weights() != WeightFormat.asStored()) {
      return Optional.empty();
    }
    ObjectNode options = JsonNodeFactory.instance.objectNode();
    if (lora.start().isPresent()) {
      return Optional.of(
          options
              .put("continuing", lora.start().get().toAbsolutePath().normalize().toString())
              .put("dropout", lora.config().dropout())
              .put("plus", lora.plusRatio()));
    }
    options.put("rank", lora.config().rank());
    LoraOption.ALL.forEach(option -> option.writer().accept(lora, options));
    return Optional.of(options);
  }

  @Override
  public Optional<MethodMechanics> mechanics(FineTuningMethod method) {
    return method instanceof Lora one ? Optional.of(new LoraMechanics(one)) : Optional.empty();
  }

  @Override
  public String peftType() {
    return TYPE;
  }

  @Override
  public String reader() {
    return "LoraAdapter.at";
  }

  @Override
  public AdapterMechanics at(Path folder) {
    return LoraAdapterMechanics.at(folder);
  }
}
