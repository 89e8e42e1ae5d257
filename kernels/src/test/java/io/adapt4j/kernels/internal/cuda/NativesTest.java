package io.adapt4j.kernels.internal.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.File;
import java.lang.reflect.InvocationTargetException;
import java.net.MalformedURLException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

/** What is said where something is missing. */
class NativesTest {

  @Test
  void withoutTheBindingsOnTheClassPathTheReasonNamesWhatToAdd() throws Exception {
    try (URLClassLoader without =
        new URLClassLoader(classPathWithoutBindings(), ClassLoader.getPlatformClassLoader())) {
      Class<?> device = without.loadClass(CudaDevice.class.getName());
      assertThatThrownBy(() -> device.getMethod("open").invoke(null))
          .isInstanceOf(InvocationTargetException.class)
          .cause()
          .hasMessageStartingWith("CUDA's driver could not be loaded: no class org.bytedeco.")
          .hasMessageContaining("Add org.bytedeco:cuda");
    }
  }

  private static URL[] classPathWithoutBindings() throws Exception {
    String[] all = System.getProperty("java.class.path").split(File.pathSeparator);
    assertThat(all).anyMatch(NativesTest::isOfBindings);
    return Arrays.stream(all)
        .filter(entry -> !isOfBindings(entry))
        .map(NativesTest::url)
        .toArray(URL[]::new);
  }

  private static boolean isOfBindings(String entry) {
    return entry.contains("bytedeco");
  }

  private static URL url(String entry) {
    try {
      return Path.of(entry).toUri().toURL();
    } catch (MalformedURLException e) {
      throw new IllegalArgumentException(e);
    }
  }

  @Test
  void theReasonIsTheInnermostOne() {
    Throwable loader = new UnsatisfiedLinkError("libcuda.so.1: cannot open shared object file");
    assertThat(Natives.reason(new ExceptionInInitializerError(new RuntimeException(loader))))
        .isEqualTo("libcuda.so.1: cannot open shared object file");
    assertThat(Natives.reason(new NoClassDefFoundError("org/bytedeco/cuda/global/cudart")))
        .isEqualTo("no class org.bytedeco.cuda.global.cudart");
  }
}
