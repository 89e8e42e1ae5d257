package io.adapt4j.core.internal.nn.family;

import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.nn.family.common.Architecture;
import io.adapt4j.core.spi.ModelFamily;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.ServiceLoader;
import java.util.Set;

/** A user-defined model family. */
record CustomFamily(ModelFamily family) implements Architecture {

  @Override
  public Set<String> modelTypes() {
    return family.modelTypes();
  }

  @Override
  public Set<String> features() {
    return family.features();
  }

  @Override
  public Network declare(ModelConfig config) {
    CustomDecoder decoder = new CustomDecoder();
    family.declare(new FamilyFields(config.fields()), decoder);
    return decoder.declare(config);
  }

  /** Finds the families visible to the class loaders of this module and of the thread. */
  static List<Architecture> all(Set<String> known) {
    List<Architecture> all = new ArrayList<>();
    Set<Class<?>> classes = new HashSet<>();
    Set<String> types = new HashSet<>(known);
    for (ServiceLoader<ModelFamily> loader :
        List.of(
            ServiceLoader.load(ModelFamily.class, ModelFamily.class.getClassLoader()),
            ServiceLoader.load(ModelFamily.class))) {
      for (ModelFamily family : loader) {
        if (classes.add(family.getClass())) {
          requireNew(family, types);
          all.add(new CustomFamily(family));
        }
      }
    }
    return all;
  }

  private static void requireNew(ModelFamily family, Set<String> types) {
    for (String type : family.modelTypes()) {
      if (!types.add(type)) {
        throw new IllegalStateException(
            family.getClass().getName()
                + ": expected a model_type that no other family has, found "
                + type);
      }
    }
  }
}
