package io.adapt4j.spring.boot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.adapt4j.core.LanguageModel;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.serve.ModelServer;
import io.adapt4j.spring.ai.Adapt4jChatModel;
import io.adapt4j.vision.VisionLanguageModel;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.MeterBinder;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.springframework.ai.chat.messages.UserMessage;
import org.springframework.ai.chat.prompt.Prompt;
import org.springframework.ai.content.Media;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.test.context.FilteredClassLoader;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.io.FileSystemResource;
import org.springframework.util.MimeTypeUtils;

/** What an application has of its properties. */
class AutoConfigurationTest {

  private static final String MODEL = "adapt4j.model.path=../../examples/models/stories260K";

  private static final String IDEFICS = "../../vision/src/test/resources/models/idefics3";
  private static final String VISION = "adapt4j.model.path=" + IDEFICS;
  private static final Path PHOTO = Path.of(IDEFICS, "images/photo_37x53.png");

  private final ApplicationContextRunner application =
      new ApplicationContextRunner()
          .withConfiguration(
              AutoConfigurations.of(
                  Adapt4jAutoConfiguration.class,
                  Adapt4jMetricsAutoConfiguration.class,
                  Adapt4jHealthAutoConfiguration.class,
                  Adapt4jSpringAiAutoConfiguration.class,
                  Adapt4jServerAutoConfiguration.class));

  @Test
  void nothingIsLoadedUnlessAModelIsNamed() {
    application.run(
        context ->
            assertThat(context)
                .hasNotFailed()
                .doesNotHaveBean(LanguageModel.class)
                .doesNotHaveBean(Adapt4jChatModel.class)
                .doesNotHaveBean(ModelServer.class)
                .doesNotHaveBean("adapt4jHealthIndicator"));
  }

  @Test
  void aModelThatIsNamedAnswers() {
    application
        .withPropertyValues(
            MODEL,
            "adapt4j.model.name=stories",
            "adapt4j.generation.max-new-tokens=5",
            "adapt4j.generation.temperature=0",
            "adapt4j.generation.stop=THE END",
            "adapt4j.limits.running=4",
            "adapt4j.limits.memory=64MB")
        .run(
            context -> {
              assertThat(context).hasNotFailed().hasSingleBean(LanguageModel.class);
              assertThat(context.getBeanProvider(VisionLanguageModel.class)).isEmpty();
              GenerationOptions options = context.getBean(GenerationOptions.class);
              assertThat(options.maxNewTokens()).isEqualTo(5);
              assertThat(options.stopStrings()).containsExactly("THE END");
              var response =
                  context.getBean(Adapt4jChatModel.class).call(new Prompt("Once upon a time"));
              assertThat(response.getMetadata().getModel()).isEqualTo("stories");
              assertThat(response.getMetadata().getUsage().getCompletionTokens()).isEqualTo(5);
            });
  }

  @Test
  void aModelIsClosedWithTheApplication() {
    LanguageModel[] model = new LanguageModel[1];
    application
        .withPropertyValues(MODEL)
        .run(context -> model[0] = context.getBean(LanguageModel.class));
    org.assertj.core.api.Assertions.assertThatIllegalStateException()
        .isThrownBy(() -> model[0].generate("a", GenerationOptions.defaults()));
  }

  @Test
  void aLazyModelIsLoadedWhenItIsFirstAsked() {
    application
        .withPropertyValues(MODEL, "adapt4j.model.lazy=true", "adapt4j.generation.max-new-tokens=1")
        .withUserConfiguration(Registry.class)
        .run(
            context -> {
              LoadedModel loaded =
                  new LoadedModel(context.getSourceApplicationContext().getBeanFactory());
              context
                  .getBeansOfType(MeterBinder.class)
                  .values()
                  .forEach(binder -> binder.bindTo(context.getBean(MeterRegistry.class)));
              assertThat(loaded.find()).isEmpty();
              assertThat(loads(context.getBean(MeterRegistry.class))).isZero();
              context.getBean(Adapt4jChatModel.class).call(new Prompt("Once"));
              assertThat(loaded.find()).isPresent();
              assertThat(loads(context.getBean(MeterRegistry.class))).isEqualTo(1);
            });
  }

  private static double loads(MeterRegistry registry) {
    return registry.get("adapt4j.model.loaded").gauge().value();
  }

  @Test
  void aMistakeInThePropertiesIsToldAtTheStart() {
    application
        .withPropertyValues("adapt4j.model.path=no/such/folder")
        .run(
            context ->
                assertThat(context)
                    .getFailure()
                    .rootCause()
                    .hasMessageContaining("no/such/folder"));
    application
        .withPropertyValues(MODEL, "adapt4j.model.hub=a/b")
        .run(
            context ->
                assertThat(context)
                    .getFailure()
                    .rootCause()
                    .hasMessageContaining("expected one of path and hub"));
  }

  @Test
  void withoutSpringAiTheModelIsThereAllTheSame() {
    application
        .withPropertyValues(MODEL)
        .withClassLoader(new FilteredClassLoader("org.springframework.ai"))
        .run(
            context ->
                assertThat(context)
                    .hasNotFailed()
                    .hasSingleBean(LanguageModel.class)
                    .doesNotHaveBean("adapt4jChatModel"));
  }

  @Test
  void anotherChatModelMayBeChosen() {
    application
        .withPropertyValues(MODEL, "spring.ai.model.chat=openai")
        .run(context -> assertThat(context).doesNotHaveBean(Adapt4jChatModel.class));
  }

  @Test
  void theServerAnswersWhereItIsEnabled() {
    application
        .withPropertyValues(MODEL, "adapt4j.server.enabled=true", "adapt4j.server.api-key=secret")
        .run(
            context -> {
              URI models = context.getBean(ModelServer.class).address().resolve("/v1/models");
              HttpResponse<String> answer =
                  HttpClient.newHttpClient()
                      .send(
                          HttpRequest.newBuilder(models)
                              .header("Authorization", "Bearer secret")
                              .build(),
                          HttpResponse.BodyHandlers.ofString());
              assertThat(answer.statusCode()).isEqualTo(200);
              assertThat(answer.body()).contains("\"adapt4j\"");
            });
  }

  @Test
  void aFolderWithAnImageTowerReadsPictures() {
    application
        .withPropertyValues(
            VISION, "adapt4j.generation.max-new-tokens=1", "adapt4j.server.enabled=true")
        .run(
            context -> {
              assertThat(context).hasNotFailed().hasSingleBean(LanguageModel.class);
              assertThat(context.getBean(LanguageModel.class))
                  .isSameAs(context.getBean(VisionLanguageModel.class).languageModel());
              var answer = context.getBean(Adapt4jChatModel.class).call(asking(PHOTO));
              // A prompt without its picture has about ten tokens.
              assertThat(answer.getMetadata().getUsage().getPromptTokens()).isGreaterThan(60);
              String body =
                  """
                  {"model": "adapt4j", "max_tokens": 1, "messages": [{"role": "user", "content": [
                    {"type": "image_url", "image_url": {"url": "data:image/png;base64,%s"}}]}]}
                  """
                      .formatted(Base64.getEncoder().encodeToString(Files.readAllBytes(PHOTO)));
              URI chat =
                  context.getBean(ModelServer.class).address().resolve("/v1/chat/completions");
              var served =
                  HttpClient.newHttpClient()
                      .send(
                          HttpRequest.newBuilder(chat)
                              .header("Content-Type", "application/json")
                              .POST(HttpRequest.BodyPublishers.ofString(body))
                              .build(),
                          HttpResponse.BodyHandlers.ofString());
              assertThat(served.statusCode()).as(served.body()).isEqualTo(200);
            });
  }

  @Test
  void aLazyVisionModelIsLoadedWhenItIsFirstAsked() {
    application
        .withPropertyValues(
            VISION, "adapt4j.model.lazy=true", "adapt4j.generation.max-new-tokens=1")
        .run(
            context -> {
              var beans = context.getSourceApplicationContext().getBeanFactory();
              assertThat(beans.containsSingleton(Adapt4jAutoConfiguration.VISION)).isFalse();
              context.getBean(Adapt4jChatModel.class).call(asking(PHOTO));
              assertThat(beans.containsSingleton(Adapt4jAutoConfiguration.VISION)).isTrue();
            });
  }

  @Test
  void withoutTheVisionModuleTheFolderAnswersTextsAndNamesTheModuleForPictures() {
    application
        .withPropertyValues(VISION, "adapt4j.generation.max-new-tokens=1")
        .withClassLoader(new FilteredClassLoader("io.adapt4j.vision"))
        .run(
            context -> {
              assertThat(context).hasNotFailed().doesNotHaveBean(Adapt4jAutoConfiguration.VISION);
              Adapt4jChatModel chat = context.getBean(Adapt4jChatModel.class);
              assertThat(chat.call(new Prompt("Hello")).getResult()).isNotNull();
              Prompt asked = asking(PHOTO);
              assertThatThrownBy(() -> chat.call(asked))
                  .isInstanceOf(UnsupportedOperationException.class)
                  .hasMessageContaining("io.adapt4j:adapt4j-vision");
            });
  }

  private static Prompt asking(Path picture) {
    Media media = new Media(MimeTypeUtils.IMAGE_PNG, new FileSystemResource(picture));
    return new Prompt(UserMessage.builder().text("What is it?").media(media).build());
  }

  @Test
  void editorsKnowTheProperties() throws IOException {
    try (InputStream file =
        Adapt4jProperties.class.getResourceAsStream(
            "/META-INF/spring-configuration-metadata.json")) {
      String metadata =
          new String(Objects.requireNonNull(file).readAllBytes(), StandardCharsets.UTF_8);
      assertThat(metadata)
          .contains(
              "\"adapt4j.model.path\"",
              "\"adapt4j.model.lazy\"",
              "\"adapt4j.limits.prompt-cache\"",
              "its folder, in Hugging Face's format");
    }
  }

  @Configuration(proxyBeanMethods = false)
  static class Registry {

    @Bean
    MeterRegistry meterRegistry() {
      return new SimpleMeterRegistry();
    }
  }
}
