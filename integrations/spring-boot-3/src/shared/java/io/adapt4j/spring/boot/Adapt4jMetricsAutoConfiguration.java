package io.adapt4j.spring.boot;

import io.adapt4j.core.LanguageModel;
import io.adapt4j.spring.ai.ChatMeters;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.MeterBinder;
import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.context.annotation.Bean;

/** Meters of the model in the application's registry. */
@AutoConfiguration(
    after = Adapt4jAutoConfiguration.class,
    before = Adapt4jSpringAiAutoConfiguration.class,
    afterName = {
      "org.springframework.boot.actuate.autoconfigure.metrics.CompositeMeterRegistryAutoConfiguration",
      "org.springframework.boot.micrometer.metrics.autoconfigure.CompositeMeterRegistryAutoConfiguration"
    })
@ConditionalOnClass(MeterRegistry.class)
@ConditionalOnBean({MeterRegistry.class, LanguageModel.class})
public class Adapt4jMetricsAutoConfiguration {

  /** Created by Spring Boot. */
  public Adapt4jMetricsAutoConfiguration() {}

  @Bean
  @ConditionalOnMissingBean
  ChatMeters adapt4jChatMeters(MeterRegistry registry, Adapt4jProperties properties) {
    return ChatMeters.of(registry, properties.model().name());
  }

  @Bean
  MeterBinder adapt4jModelMeters(
      ConfigurableListableBeanFactory beans, Adapt4jProperties properties) {
    LoadedModel loaded = new LoadedModel(beans);
    return registry ->
        Gauge.builder("adapt4j.model.loaded", loaded, model -> model.find().isPresent() ? 1 : 0)
            .description("Whether the model is in memory")
            .tag("model", properties.model().name())
            .strongReference(true)
            .register(registry);
  }
}
