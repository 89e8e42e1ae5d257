package io.adapt4j.spring.boot;

import io.adapt4j.core.LanguageModel;
import io.adapt4j.core.TextEmbedder;
import io.adapt4j.serve.ModelServer;
import io.adapt4j.serve.vision.ServedVision;
import io.adapt4j.vision.VisionLanguageModel;
import java.net.InetAddress;
import java.net.UnknownHostException;
import org.springframework.beans.factory.BeanFactory;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.context.annotation.Bean;

/** A server with OpenAI's API, started and closed with the application. */
@AutoConfiguration(after = Adapt4jAutoConfiguration.class)
@ConditionalOnClass(ModelServer.class)
@ConditionalOnProperty("adapt4j.server.enabled")
public class Adapt4jServerAutoConfiguration {

  /** Created by Spring Boot. */
  public Adapt4jServerAutoConfiguration() {}

  @Bean(destroyMethod = "close")
  @ConditionalOnMissingBean
  ModelServer adapt4jModelServer(
      Adapt4jProperties properties,
      ObjectProvider<LanguageModel> models,
      ObjectProvider<TextEmbedder> embedders,
      ConfigurableListableBeanFactory beans)
      throws UnknownHostException {
    Adapt4jProperties.Server asked = properties.server();
    ModelServer.Builder server = ModelServer.builder().port(asked.port());
    String name = properties.model().name();
    models.ifUnique(
        model -> {
          if (!Adapt4jAutoConfiguration.hasVision(beans)
              || !Vision.add(server, name, model, beans)) {
            server.model(name, model);
          }
        });
    embedders.ifUnique(embedder -> server.embedder(properties.embedder().name(), embedder));
    if (asked.address() != null) {
      server.address(InetAddress.getByName(asked.address()));
    }
    if (asked.apiKey() != null) {
      server.apiKey(asked.apiKey());
    }
    if (asked.allowAnyone()) {
      server.allowAnyone();
    }
    asked.allowOrigins().forEach(server::allowOrigin);
    return server.start();
  }

  /** Its code needs {@code adapt4j-vision}. */
  private static final class Vision {

    /** Adds a model with its image tower; false if it has none. */
    static boolean add(
        ModelServer.Builder server, String name, LanguageModel model, BeanFactory beans) {
      return beans
          .getBeanProvider(VisionLanguageModel.class)
          .orderedStream()
          .filter(vision -> vision.languageModel() == model)
          .map(vision -> server.model(name, new ServedVision(vision)))
          .findFirst()
          .isPresent();
    }
  }
}
