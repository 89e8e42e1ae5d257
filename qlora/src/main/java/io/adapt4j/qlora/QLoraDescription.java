package io.adapt4j.qlora;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.internal.describe.Fields;
import io.adapt4j.core.internal.method.MethodMechanics;
import io.adapt4j.core.internal.method.MethodProvider;
import io.adapt4j.core.internal.method.Methods;
import io.adapt4j.core.method.FineTuningMethod;
import io.adapt4j.lora.Lora;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * {@link QLora} as data: the options of {@code lora}, and the quantization of the base.
 *
 * <pre>{@code
 * qlora: {rank: 16, alpha: 32, type: nf4, doubleQuant: true, blockSize: 64}
 * }</pre>
 */
class QLoraDescription implements MethodProvider {

  private static final String TYPE = "type";
  private static final String BLOCK_SIZE = "blockSize";
  private static final String DOUBLE_QUANT = "doubleQuant";
  private static final String SKIP = "skip";

  /** Public subclass, as {@link java.util.ServiceLoader} requires. */
  public static final class Service extends QLoraDescription {

    /** Called by {@link java.util.ServiceLoader}. */
    public Service() {}
  }

  @Override
  public String name() {
    return "qlora";
  }

  @Override
  public Optional<FineTuningMethod> read(Fields options) {
    Optional<Quantization> weights = weights(options);
    Optional<FineTuningMethod> lora = adapter().read(options);
    return weights.isPresent() && lora.isPresent()
        ? Optional.of(QLora.of(weights.get(), (Lora) lora.get()))
        : Optional.empty();
  }

  /** Returns the provider of the adapter's options. */
  private static MethodProvider adapter() {
    return Methods.named("lora");
  }

  private static Optional<Quantization> weights(Fields options) {
    QuantType type = options.choice(TYPE, QuantType.class).orElse(QuantType.NF4);
    boolean int8 = type == QuantType.INT8;
    boolean doubleQuant = options.flag(DOUBLE_QUANT).orElse(!int8);
    int size =
        options
            .integer(BLOCK_SIZE, 1)
            .orElse(int8 ? Quantization.INT8_BLOCK : Quantization.DEFAULT_BLOCK);
    String[] skipped = options.texts(SKIP).toArray(String[]::new);
    List<Quantization> made = new ArrayList<>();
    options.attempt(
        BLOCK_SIZE, () -> made.add(new Quantization(type, size, doubleQuant).skip(skipped)));
    return made.stream().findFirst();
  }

  @Override
  public Optional<ObjectNode> write(FineTuningMethod method) {
    if (!(method instanceof QLora qlora)) {
      return Optional.empty();
    }
    ObjectNode options = adapter().write(qlora.lora()).orElseThrow();
    Quantization quantization = qlora.weights();
    options.put(TYPE, quantization.type().fileName());
    options.put(BLOCK_SIZE, quantization.blockSize());
    options.put(DOUBLE_QUANT, quantization.doubleQuantized());
    if (!qlora.weights().skipped().isEmpty()) {
      qlora.weights().skipped().stream().sorted().forEach(options.putArray(SKIP)::add);
    }
    return Optional.of(options);
  }

  @Override
  public Optional<MethodMechanics> mechanics(FineTuningMethod method) {
    return method instanceof QLora one ? Optional.of(new QLoraMechanics(one)) : Optional.empty();
  }
}
