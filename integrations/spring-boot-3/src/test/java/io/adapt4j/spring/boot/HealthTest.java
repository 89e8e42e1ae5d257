package io.adapt4j.spring.boot;

import static org.assertj.core.api.Assertions.assertThat;

import io.adapt4j.core.LanguageModel;
import org.junit.jupiter.api.Test;
import org.springframework.boot.actuate.health.HealthIndicator;
import org.springframework.boot.actuate.health.Status;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;

/** The health of the model. */
class HealthTest {

  private final ApplicationContextRunner application =
      new ApplicationContextRunner()
          .withConfiguration(
              AutoConfigurations.of(
                  Adapt4jAutoConfiguration.class, Adapt4jHealthAutoConfiguration.class))
          .withPropertyValues("adapt4j.model.path=../../examples/models/stories260K");

  @Test
  void aModelIsUpUntilItIsClosed() {
    application.run(
        context -> {
          HealthIndicator health = context.getBean(HealthIndicator.class);
          assertThat(health.health().getStatus()).isEqualTo(Status.UP);
          assertThat(health.health().getDetails())
              .containsEntry("loaded", true)
              .containsEntry("contextLength", 512);
          context.getBean(LanguageModel.class).close();
          assertThat(health.health().getStatus()).isEqualTo(Status.DOWN);
        });
  }

  @Test
  void aLazyModelIsUpWithoutBeingLoaded() {
    application
        .withPropertyValues("adapt4j.model.lazy=true")
        .run(
            context -> {
              HealthIndicator health = context.getBean(HealthIndicator.class);
              assertThat(health.health().getStatus()).isEqualTo(Status.UP);
              assertThat(health.health().getDetails()).containsEntry("loaded", false);
            });
  }

  @Test
  void theIndicatorMayBeSwitchedOff() {
    application
        .withPropertyValues("management.health.adapt4j.enabled=false")
        .run(context -> assertThat(context).doesNotHaveBean(HealthIndicator.class));
  }
}
