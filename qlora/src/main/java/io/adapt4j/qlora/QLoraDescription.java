package io.adapt4j.qlora;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.internal.describe.Fields;
import io.adapt4j.core.spi.FineTuningMethod;
import io.adapt4j.core.spi.MethodDescription;
import io.adapt4j.lora.Lora;
import io.adapt4j.lora.LoraDescription;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * {@link QLora} as data: the options of {@code lora}, and how the base is held.
 *
 * <pre>{@code
 * qlora: {rank: 16, alpha: 32, type: nf4, doubleQuant: true, blockSize: 64}
 * }</pre>
 */
public final class QLoraDescription implements MethodDescription {

  private static final String TYPE = "type";
  private static final String BLOCK_SIZE = "blockSize";
  private static final String DOUBLE_QUANT = "doubleQuant";
  private static final String SKIP = "skip";

  private final LoraDescription adapter = new LoraDescription();

  /** Made by {@link java.util.ServiceLoader}. */
  public QLoraDescription() {}

  @Override
  public String name() {
    return "qlora";
  }

  @Override
  public Optional<FineTuningMethod> read(Fields options) {
    Optional<QuantiseOptions> weights = weights(options);
    Optional<FineTuningMethod> lora = adapter.read(options);
    return weights.isPresent() && lora.isPresent()
        ? Optional.of(QLora.of(weights.get(), (Lora) lora.get()))
        : Optional.empty();
  }

  private static Optional<QuantiseOptions> weights(Fields options) {
    QuantType type = options.choice(TYPE, QuantType.class).orElse(QuantType.NF4);
    boolean doubleQuant = options.flag(DOUBLE_QUANT).orElse(true);
    int size = options.integer(BLOCK_SIZE, 1).orElse(Quantization.DEFAULT_BLOCK);
    String[] skipped = options.texts(SKIP).toArray(String[]::new);
    List<QuantiseOptions> made = new ArrayList<>();
    options.attempt(
        BLOCK_SIZE,
        () ->
            made.add(QuantiseOptions.of(new Quantization(type, size, doubleQuant)).skip(skipped)));
    return made.stream().findFirst();
  }

  @Override
  public Optional<ObjectNode> write(FineTuningMethod method) {
    if (!(method instanceof QLora qlora)) {
      return Optional.empty();
    }
    ObjectNode options = adapter.write(qlora.lora()).orElseThrow();
    Quantization quantization = qlora.weights().quantization();
    options.put(TYPE, quantization.type().fileName());
    options.put(BLOCK_SIZE, quantization.blockSize());
    options.put(DOUBLE_QUANT, quantization.doubleQuantised());
    if (!qlora.weights().skipped().isEmpty()) {
      qlora.weights().skipped().stream().sorted().forEach(options.putArray(SKIP)::add);
    }
    return Optional.of(options);
  }
}
