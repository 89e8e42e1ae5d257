package io.adapt4j.spring.boot;

import io.adapt4j.core.LanguageModel;
import java.util.Optional;
import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;

/** The language model if it is loaded; does not load it. */
record LoadedModel(ConfigurableListableBeanFactory beans) {

  Optional<LanguageModel> find() {
    for (String name : beans.getBeanNamesForType(LanguageModel.class, false, false)) {
      if (beans.containsSingleton(name)) {
        return Optional.of(beans.getBean(name, LanguageModel.class));
      }
    }
    return Optional.empty();
  }
}
