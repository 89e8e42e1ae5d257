package extensions;

import io.adapt4j.core.spi.ConfigFields;
import io.adapt4j.core.spi.DecoderBuilder;
import io.adapt4j.core.spi.ModelFamily;
import java.util.Set;

/** Llama with its own context, a choice of activations, and a temperature on its logits. */
public final class TaleFamily implements ModelFamily {

  @Override
  public Set<String> modelTypes() {
    return Set.of("tale");
  }

  @Override
  public Set<String> features() {
    return Set.of("logits_scaling");
  }

  @Override
  public void declare(ConfigFields config, DecoderBuilder decoder) {
    double temperature = config.number("logits_scaling").orElse(1);
    if (temperature <= 0) {
      throw config.invalid("logits_scaling", "a number above 0", "Leave it out for 1.");
    }
    decoder
        .defaultContextLength(512)
        .defaultActivation(config.text("mlp_function").orElse("silu"))
        .logitScale(1 / temperature);
  }
}
