package io.adapt4j.lora.internal.peft;

import io.adapt4j.core.internal.method.MethodProvider;
import io.adapt4j.core.internal.nn.adapter.AdapterMechanics;
import java.nio.file.Path;
import java.util.List;
import java.util.ServiceLoader;

/**
 * A kind of adapter: a method of training that also reads the folders it saves. Registered as a
 * {@link MethodProvider}.
 */
public interface AdapterKind extends MethodProvider {

  /** Returns the {@code peft_type} of its folders. */
  String peftType();

  /** Returns the call that reads its folders, for messages. */
  default String reader() {
    return "Adapter.at";
  }

  AdapterMechanics at(Path folder);

  static List<AdapterKind> all() {
    return ServiceLoader.load(MethodProvider.class).stream()
        .filter(provider -> AdapterKind.class.isAssignableFrom(provider.type()))
        .map(provider -> (AdapterKind) provider.get())
        .toList();
  }
}
