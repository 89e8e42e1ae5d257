package io.adapt4j.spring.boot;

import io.adapt4j.core.LanguageModel;
import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.health.autoconfigure.contributor.ConditionalOnEnabledHealthIndicator;
import org.springframework.boot.health.contributor.HealthIndicator;
import org.springframework.context.annotation.Bean;

/** The health of the model, as component {@code adapt4j} of the application's health. */
@AutoConfiguration(after = Adapt4jAutoConfiguration.class)
@ConditionalOnClass({HealthIndicator.class, ConditionalOnEnabledHealthIndicator.class})
@ConditionalOnBean(LanguageModel.class)
public class Adapt4jHealthAutoConfiguration {

  /** Created by Spring Boot. */
  public Adapt4jHealthAutoConfiguration() {}

  @Bean
  @ConditionalOnMissingBean(name = "adapt4jHealthIndicator")
  @ConditionalOnEnabledHealthIndicator("adapt4j")
  HealthIndicator adapt4jHealthIndicator(
      ConfigurableListableBeanFactory beans, Adapt4jProperties properties) {
    return new ModelHealthIndicator(new LoadedModel(beans), properties.model().name());
  }
}
