package io.adapt4j.gguf;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.internal.describe.Fields;
import io.adapt4j.core.internal.method.MethodMechanics;
import io.adapt4j.core.internal.method.MethodProvider;
import io.adapt4j.core.internal.method.Methods;
import io.adapt4j.core.method.FineTuningMethod;
import io.adapt4j.lora.Lora;
import java.util.Optional;

/**
 * {@link QuantizationAware} as data: the options of {@code lora}, and the type of the file.
 *
 * <pre>{@code
 * quantizationAware: {rank: 16, type: Q4_K_M, every: 1}
 * }</pre>
 */
class QuantizationAwareDescription implements MethodProvider {

  private static final String TYPE = "type";
  private static final String EVERY = "every";

  /** Public subclass, as {@link java.util.ServiceLoader} requires. */
  public static final class Service extends QuantizationAwareDescription {

    /** Called by {@link java.util.ServiceLoader}. */
    public Service() {}
  }

  @Override
  public String name() {
    return "quantizationAware";
  }

  @Override
  public Optional<FineTuningMethod> read(Fields options) {
    GgufQuantization type =
        options.choice(TYPE, GgufQuantization.class).orElse(GgufQuantization.Q4_K_M);
    int every = options.integer(EVERY, 1).orElse(1);
    return adapter()
        .read(options)
        .map(lora -> QuantizationAware.of((Lora) lora, type).every(every));
  }

  /** Returns the provider of the adapter's options. */
  private static MethodProvider adapter() {
    return Methods.named("lora");
  }

  @Override
  public Optional<ObjectNode> write(FineTuningMethod method) {
    if (!(method instanceof QuantizationAware aware)) {
      return Optional.empty();
    }
    ObjectNode options = adapter().write(aware.lora()).orElseThrow();
    options.put(TYPE, Fields.written(aware.type()));
    options.put(EVERY, aware.every());
    return Optional.of(options);
  }

  @Override
  public Optional<MethodMechanics> mechanics(FineTuningMethod method) {
    return method instanceof QuantizationAware aware
        ? Optional.of(new QuantizationAwareMechanics(aware))
        : Optional.empty();
  }
}
