package io.adapt4j.spring.boot;

import io.adapt4j.core.LanguageModel;
import io.adapt4j.core.TextEmbedder;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.spring.ai.Adapt4jChatModel;
import io.adapt4j.spring.ai.Adapt4jEmbeddingModel;
import io.adapt4j.spring.ai.ChatMeters;
import io.adapt4j.spring.ai.SpringAiVision;
import io.adapt4j.vision.VisionLanguageModel;
import io.micrometer.observation.ObservationRegistry;
import org.springframework.ai.chat.model.ChatModel;
import org.springframework.ai.embedding.EmbeddingModel;
import org.springframework.ai.model.tool.ToolCallingManager;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.context.annotation.Bean;

/**
 * Spring AI beans of the models. If several chat models are on the class path, {@code
 * spring.ai.model.chat} and {@code spring.ai.model.embedding} select one: {@code adapt4j} for
 * these.
 */
@AutoConfiguration(
    after = Adapt4jAutoConfiguration.class,
    afterName = {
      "org.springframework.ai.model.tool.autoconfigure.ToolCallingAutoConfiguration",
      "org.springframework.boot.actuate.autoconfigure.observation.ObservationAutoConfiguration",
      "org.springframework.boot.micrometer.observation.autoconfigure.ObservationAutoConfiguration"
    },
    beforeName =
        "org.springframework.ai.model.chat.client.autoconfigure.ChatClientAutoConfiguration")
@ConditionalOnClass(ChatModel.class)
public class Adapt4jSpringAiAutoConfiguration {

  /** Created by Spring Boot. */
  public Adapt4jSpringAiAutoConfiguration() {}

  @Bean
  @ConditionalOnMissingBean
  @ConditionalOnBean(LanguageModel.class)
  @ConditionalOnProperty(
      name = "spring.ai.model.chat",
      havingValue = "adapt4j",
      matchIfMissing = true)
  Adapt4jChatModel adapt4jChatModel(
      Adapt4jProperties properties,
      ObjectProvider<LanguageModel> model,
      GenerationOptions options,
      ObjectProvider<ToolCallingManager> tools,
      ObjectProvider<ObservationRegistry> observations,
      ObjectProvider<ChatMeters> meters,
      ConfigurableListableBeanFactory beans) {
    Adapt4jChatModel.Builder builder = Adapt4jChatModel.builder().model(model::getObject);
    if (Adapt4jAutoConfiguration.hasVision(beans)) {
      SpringAiVision.add(builder, model, beans.getBeanProvider(VisionLanguageModel.class));
    }
    return builder
        .name(properties.model().name())
        .generationOptions(options)
        .toolCallingManager(tools.getIfAvailable(() -> ToolCallingManager.builder().build()))
        .observationRegistry(observations.getIfAvailable(() -> ObservationRegistry.NOOP))
        .meters(meters.getIfAvailable(() -> ChatMeters.NONE))
        .build();
  }

  @Bean
  @ConditionalOnMissingBean
  @ConditionalOnClass(EmbeddingModel.class)
  @ConditionalOnBean(TextEmbedder.class)
  @ConditionalOnProperty(
      name = "spring.ai.model.embedding",
      havingValue = "adapt4j",
      matchIfMissing = true)
  Adapt4jEmbeddingModel adapt4jEmbeddingModel(
      Adapt4jProperties properties, ObjectProvider<TextEmbedder> embedder) {
    return new Adapt4jEmbeddingModel(embedder::getObject, properties.embedder().name());
  }
}
