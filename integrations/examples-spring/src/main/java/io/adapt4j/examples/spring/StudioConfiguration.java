package io.adapt4j.examples.spring;

import io.adapt4j.studio.Studio;
import io.adapt4j.studio.StudioServlet;
import java.nio.file.Path;
import java.util.Objects;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.boot.web.servlet.ServletRegistrationBean;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/** The studio at {@code /studio/?token=TOKEN}, if a token is set. */
@Configuration(proxyBeanMethods = false)
@ConditionalOnProperty("example.studio-token")
class StudioConfiguration {

  @Bean
  ServletRegistrationBean<StudioServlet> studio(ExampleProperties properties) {
    Studio.Builder studio =
        Studio.builder()
            .workspace(Path.of(properties.output(), "studio"))
            .token(Objects.requireNonNull(properties.studioToken()));
    return new ServletRegistrationBean<>(new StudioServlet(studio), "/studio/*");
  }
}
