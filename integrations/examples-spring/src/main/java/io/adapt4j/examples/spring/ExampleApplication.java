package io.adapt4j.examples.spring;

import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.boot.context.properties.EnableConfigurationProperties;

/**
 * Chats with the model that ships with the examples, answers questions from documents, and trains
 * the model in the background. See {@code examples-spring/README.md}.
 */
@SpringBootApplication
@EnableConfigurationProperties(ExampleProperties.class)
public class ExampleApplication {

  /** Called by Spring Boot. */
  public ExampleApplication() {}

  /**
   * Starts the application.
   *
   * @param arguments properties, such as {@code --server.port=8081}
   */
  public static void main(String[] arguments) {
    SpringApplication.run(ExampleApplication.class, arguments);
  }
}
