package io.adapt4j.spring.boot;

import com.sun.management.OperatingSystemMXBean;
import io.adapt4j.core.EmbeddingOptions;
import io.adapt4j.core.LanguageModel;
import io.adapt4j.core.TextEmbedder;
import io.adapt4j.core.chat.ChatTemplate;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.method.Adapter;
import io.adapt4j.core.method.WeightFormat;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.vision.VisionLanguageModel;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.beans.factory.config.BeanFactoryPostProcessor;
import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.AnyNestedCondition;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Conditional;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.env.Environment;
import org.springframework.util.ClassUtils;
import org.springframework.util.unit.DataSize;

/**
 * Loads the language model and the embedding model of the properties, and closes them with the
 * application. With {@code adapt4j-vision} on the class path, a language model with an image tower
 * is a {@link VisionLanguageModel} too.
 */
@AutoConfiguration
@EnableConfigurationProperties(Adapt4jProperties.class)
public class Adapt4jAutoConfiguration {

  /** The name of the language model's bean. */
  public static final String MODEL = "adapt4jLanguageModel";

  /** The name of the vision language model's bean, null if the model does not read pictures. */
  public static final String VISION = "adapt4jVisionLanguageModel";

  /** The name of the embedding model's bean. */
  public static final String EMBEDDER = "adapt4jTextEmbedder";

  /** Default share of the machine's memory for requests. */
  private static final long SHARE = 4;

  /** Created by Spring Boot. */
  public Adapt4jAutoConfiguration() {}

  @Bean
  static BeanFactoryPostProcessor adapt4jLazyModels(Environment environment) {
    return factory -> {
      for (String bean : new String[] {MODEL, VISION, EMBEDDER}) {
        String property = bean.equals(EMBEDDER) ? "adapt4j.embedder.lazy" : "adapt4j.model.lazy";
        if (environment.getProperty(property, Boolean.class, false)
            && factory.containsBeanDefinition(bean)) {
          factory.getBeanDefinition(bean).setLazyInit(true);
        }
      }
    };
  }

  @Bean
  @ConditionalOnMissingBean
  GenerationOptions adapt4jGenerationOptions(Adapt4jProperties properties) {
    Adapt4jProperties.Generation asked = properties.generation();
    GenerationOptions.Builder options = GenerationOptions.builder();
    Optional.ofNullable(asked.maxNewTokens()).ifPresent(options::maxNewTokens);
    Optional.ofNullable(asked.temperature()).ifPresent(options::temperature);
    Optional.ofNullable(asked.topK()).ifPresent(options::topK);
    Optional.ofNullable(asked.topP()).ifPresent(options::topP);
    Optional.ofNullable(asked.minP()).ifPresent(options::minP);
    Optional.ofNullable(asked.repetitionPenalty()).ifPresent(options::repetitionPenalty);
    Optional.ofNullable(asked.seed()).ifPresent(options::seed);
    return options.stopStrings(asked.stop()).build();
  }

  @Bean(name = MODEL, destroyMethod = "close")
  @ConditionalOnMissingBean
  @Conditional(ModelIsNamed.class)
  LanguageModel adapt4jLanguageModel(Adapt4jProperties properties) {
    return load(properties);
  }

  private static LanguageModel load(Adapt4jProperties properties) {
    Adapt4jProperties.Model asked = properties.model();
    LanguageModel model = LanguageModel.load(source(asked), asked.precision(), adapters(asked));
    prepare(model, model::close, properties);
    return model;
  }

  /** Models that read pictures, with {@code adapt4j-vision} on the class path. */
  @Configuration(proxyBeanMethods = false)
  @ConditionalOnClass(VisionLanguageModel.class)
  @ConditionalOnMissingBean({LanguageModel.class, VisionLanguageModel.class})
  @Conditional(ModelIsNamed.class)
  static class Vision {

    @Bean(name = VISION, destroyMethod = "close")
    @Nullable VisionLanguageModel adapt4jVisionLanguageModel(Adapt4jProperties properties) {
      Adapt4jProperties.Model asked = properties.model();
      if (!VisionLanguageModel.reads(source(asked))) {
        return null;
      }
      VisionLanguageModel model =
          VisionLanguageModel.load(
              source(asked), WeightFormat.asStored(), asked.precision(), adapters(asked));
      prepare(model.languageModel(), model::close, properties);
      return model;
    }

    @Bean(name = MODEL, destroyMethod = "close")
    LanguageModel adapt4jTextsOfVisionModel(
        Adapt4jProperties properties,
        @Qualifier(VISION) ObjectProvider<VisionLanguageModel> vision) {
      VisionLanguageModel model = vision.getIfAvailable();
      return model == null ? load(properties) : model.languageModel();
    }
  }

  /** Returns whether there may be beans of {@link VisionLanguageModel}. */
  static boolean hasVision(ConfigurableListableBeanFactory beans) {
    return ClassUtils.isPresent(
        "io.adapt4j.vision.VisionLanguageModel", beans.getBeanClassLoader());
  }

  private static ModelSource source(Adapt4jProperties.Model asked) {
    return source("adapt4j.model", asked.path(), asked.hub());
  }

  private static Adapter[] adapters(Adapt4jProperties.Model asked) {
    return asked.adapters().stream().map(Path::of).map(Adapter::at).toArray(Adapter[]::new);
  }

  /** Sets chat template and limits, or closes the loaded model. */
  private static void prepare(LanguageModel model, Runnable close, Adapt4jProperties properties) {
    try {
      String template = properties.model().chatTemplate();
      if (template != null) {
        model.useChatTemplate(ChatTemplate.resolve(template));
      }
      limit(model, properties.limits());
    } catch (RuntimeException e) {
      close.run();
      throw e;
    }
  }

  private static void limit(LanguageModel model, Adapt4jProperties.Limits limits) {
    model.limitPromptCache(limits.promptCache().toBytes());
    long memory =
        Optional.ofNullable(limits.memory()).map(DataSize::toBytes).orElse(memory() / SHARE);
    model.limitRequests(limits.running(), limits.waiting(), memory);
  }

  private static long memory() {
    return ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class).getTotalMemorySize();
  }

  @Bean(name = EMBEDDER, destroyMethod = "close")
  @ConditionalOnMissingBean
  @Conditional(EmbedderIsNamed.class)
  TextEmbedder adapt4jTextEmbedder(Adapt4jProperties properties) {
    Adapt4jProperties.Embedder asked = properties.embedder();
    EmbeddingOptions.Builder options = EmbeddingOptions.builder().precision(asked.precision());
    Optional.ofNullable(asked.maxTokens()).ifPresent(options::maxTokens);
    return TextEmbedder.load(
        source("adapt4j.embedder", asked.path(), asked.hub()), options.build());
  }

  private static ModelSource source(String prefix, @Nullable String path, @Nullable String hub) {
    if (path != null && hub != null) {
      throw new IllegalStateException(
          prefix + ": expected one of path and hub, found " + path + " and " + hub);
    }
    if (path != null) {
      return ModelSource.path(Path.of(path));
    }
    if (hub != null) {
      return ModelSource.hub(hub);
    }
    throw new IllegalStateException(prefix + ": expected path or hub, found neither");
  }

  /** A folder or a repository is configured. */
  static final class ModelIsNamed extends AnyNestedCondition {

    ModelIsNamed() {
      super(ConfigurationPhase.REGISTER_BEAN);
    }

    @ConditionalOnProperty("adapt4j.model.path")
    static final class Folder {}

    @ConditionalOnProperty("adapt4j.model.hub")
    static final class Repository {}
  }

  /** A folder or a repository is configured. */
  static final class EmbedderIsNamed extends AnyNestedCondition {

    EmbedderIsNamed() {
      super(ConfigurationPhase.REGISTER_BEAN);
    }

    @ConditionalOnProperty("adapt4j.embedder.path")
    static final class Folder {}

    @ConditionalOnProperty("adapt4j.embedder.hub")
    static final class Repository {}
  }
}
