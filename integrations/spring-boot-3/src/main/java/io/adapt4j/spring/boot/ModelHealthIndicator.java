package io.adapt4j.spring.boot;

import io.adapt4j.core.LanguageModel;
import java.util.Optional;
import org.springframework.boot.actuate.health.AbstractHealthIndicator;
import org.springframework.boot.actuate.health.Health;

/** Reports up unless the model was closed. A lazy model is not loaded by this check. */
final class ModelHealthIndicator extends AbstractHealthIndicator {

  private final LoadedModel loaded;
  private final String name;

  ModelHealthIndicator(LoadedModel loaded, String name) {
    super("The model cannot answer");
    this.loaded = loaded;
    this.name = name;
  }

  @Override
  protected void doHealthCheck(Health.Builder builder) {
    Optional<LanguageModel> model = loaded.find();
    builder.up().withDetail("model", name).withDetail("loaded", model.isPresent());
    if (model.isPresent()) {
      builder
          .withDetail("chatTemplate", model.get().hasChatTemplate())
          .withDetail("contextLength", model.get().contextLength());
    }
  }
}
