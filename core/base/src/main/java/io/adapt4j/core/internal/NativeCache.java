package io.adapt4j.core.internal;

import java.io.IOException;
import java.io.InputStream;
import java.net.JarURLConnection;
import java.net.URL;
import java.net.URLConnection;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Properties;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.zip.CRC32;

/**
 * Folder that DJL, JNA and JavaCPP unpack native libraries into and load them from. They trust a
 * library that is already there, and if the home folder is not writable they use a well-known
 * folder in the temporary directory, where anybody may have planted one. So before anything is
 * loaded, the folder is checked to belong to this user alone and its libraries to equal those on
 * the class path.
 */
public final class NativeCache {

  /** Names of DJL's setting for the folder; it looks for environment variables first. */
  private static final List<String> NAMES = List.of("ENGINE_CACHE_DIR", "DJL_CACHE_DIR");

  private static final String JAVACPP = "org.bytedeco.javacpp.cachedir";
  private static final String REMEDY =
      ". Set DJL_CACHE_DIR (an environment variable or a system property) to a folder that belongs"
          + " to you and that nobody else may write to, or mend the permissions";

  private static final int BUFFER_BYTES = 1 << 20;

  private static Path folder;

  private NativeCache() {}

  /** Chooses the folder once per process, before the first native library is loaded. */
  public static synchronized Path prepare() {
    if (folder == null) {
      folder = choose();
    }
    return folder;
  }

  /** Chooses the folder of JavaCPP, before its first library is loaded. */
  public static synchronized void prepareJavaCpp() {
    String named = System.getProperty(JAVACPP, "");
    if (!named.isEmpty()) {
      requireSafe(
          Path.of(named), ". Set " + JAVACPP + " to another folder, or mend the permissions");
      return;
    }
    if (isHomeUsable()) {
      requireSafe(
          home().resolve(".javacpp").resolve("cache"), REMEDY.replace("DJL_CACHE_DIR", JAVACPP));
      return;
    }
    System.setProperty(JAVACPP, create(prepare().resolve("javacpp")).toString());
  }

  private static Path choose() {
    Optional<String> named =
        NAMES.stream()
            .flatMap(name -> Stream.of(name(System.getenv(name)), name(System.getProperty(name))))
            .flatMap(Optional::stream)
            .findFirst();
    if (named.isPresent()) {
      return requireSafe(Path.of(named.get()), REMEDY);
    }
    if (isHomeUsable()) {
      return requireSafe(home().resolve(".djl.ai"), REMEDY);
    }
    Path chosen = inTemporaryFolder();
    System.setProperty(NAMES.get(0), chosen.toString());
    if (System.getProperty("jna.tmpdir") == null) {
      System.setProperty("jna.tmpdir", create(chosen.resolve("jna")).toString());
    }
    return chosen;
  }

  private static Optional<String> name(String value) {
    return Optional.ofNullable(value).filter(text -> !text.isEmpty());
  }

  private static Path home() {
    return Path.of(System.getProperty("user.home", "/"));
  }

  private static boolean isHomeUsable() {
    return Files.isDirectory(home()) && Files.isWritable(home());
  }

  /**
   * Returns a stable name, so that libraries are unpacked once; another user's folder cannot be
   * used.
   */
  private static Path inTemporaryFolder() {
    String user = System.getProperty("user.name", "user").replaceAll("[^A-Za-z0-9._-]", "_");
    Path chosen = Path.of(System.getProperty("java.io.tmpdir")).resolve("adapt4j-natives-" + user);
    return requireSafe(chosen, REMEDY);
  }

  private static Path create(Path wanted) {
    try {
      PrivateFolder.create(wanted);
      return wanted;
    } catch (IOException e) {
      throw new NativeCacheException(
          wanted + ": the folder for native libraries cannot be created: " + e + REMEDY, e);
    }
  }

  private static Path requireSafe(Path wanted, String remedy) {
    create(wanted);
    if (NativePlatform.isNoExec(wanted)) {
      throw new NativeCacheException(
          wanted
              + ": native libraries cannot run from here: the file system is mounted noexec"
              + remedy);
    }
    try {
      Optional<String> problem = PrivateFolder.problem(wanted);
      if (problem.isPresent()) {
        throw new NativeCacheException(
            ("%s: native libraries are not loaded from here: %s, so that others could have put"
                    + " code of their own there%s")
                .formatted(wanted, problem.get(), remedy));
      }
      return wanted;
    } catch (IOException e) {
      throw new NativeCacheException(
          wanted + ": the permissions of the folder cannot be read: " + e + remedy, e);
    }
  }

  /**
   * Compares the libtorch files in the folder with those on the class path. Files not unpacked yet
   * pass.
   */
  public static void verifyTorch(ClassLoader loader) {
    Path cache = prepare().resolve("pytorch");
    String binding = System.mapLibraryName("djl_torch");
    Optional<String> bindingVersion =
        properties(loader.getResource("jnilib/pytorch.properties"))
            .map(jni -> jni.getProperty("jni_version", "").replaceFirst("[^-]*-", ""));
    for (URL found : resources(loader, "native/lib/pytorch.properties")) {
      Properties torch = properties(found).orElseThrow();
      String flavor = torch.getProperty("flavor", "cpu");
      String classifier = torch.getProperty("classifier", "");
      Path unpacked = cache.resolve(torch.getProperty("version") + "-" + flavor + "-" + classifier);
      if (!Files.isDirectory(unpacked)) {
        continue;
      }
      Set<String> libraries = new TreeSet<>(List.of(torch.getProperty("libraries", "").split(",")));
      for (String library : libraries) {
        String resource = "pytorch/" + flavor + "/" + classifier + "/" + library;
        verify(unpacked.resolve(library), loader.getResource(resource), unpacked);
      }
      bindingVersion.ifPresent(
          version ->
              verify(
                  unpacked.resolve(version + "-" + binding),
                  loader.getResource("jnilib/" + classifier + "/" + flavor + "/" + binding),
                  unpacked));
      requireNothingElse(unpacked, libraries, binding);
    }
  }

  /** Rejects any other file: DJL loads every file in the folder. */
  private static void requireNothingElse(Path unpacked, Set<String> libraries, String binding) {
    try (Stream<Path> files = Files.walk(unpacked)) {
      Set<String> others =
          files
              .filter(file -> !Files.isDirectory(file))
              .map(file -> unpacked.relativize(file).toString())
              .filter(name -> !libraries.contains(name))
              .filter(name -> !name.endsWith(binding) && !name.matches("jni.*tmp"))
              .collect(Collectors.toCollection(TreeSet::new));
      if (!others.isEmpty()) {
        throw new NativeCacheException(
            "%s: expected the libraries %s and nothing else, found also %s%s"
                .formatted(unpacked, libraries, others, deleteRemedy(unpacked)));
      }
    } catch (IOException e) {
      throw unreadable(unpacked, e);
    }
  }

  /**
   * Compares the tokenizers library in the folder with the one on the class path. Files not
   * unpacked yet pass.
   */
  public static void verifyTokenizers(ClassLoader loader) {
    Path cache = prepare().resolve("tokenizers");
    Optional<Properties> tokenizers =
        properties(loader.getResource("native/lib/tokenizers.properties"));
    if (tokenizers.isEmpty()) {
      return;
    }
    String platform = platform();
    Path unpacked = cache.resolve(tokenizers.get().getProperty("version") + "-cpu-" + platform);
    if (!Files.isDirectory(unpacked)) {
      return;
    }
    try (Stream<Path> files = Files.list(unpacked)) {
      files.forEach(
          file -> {
            String resource = "native/lib/" + platform + "/cpu/" + file.getFileName();
            verify(file, loader.getResource(resource), unpacked);
          });
    } catch (IOException e) {
      throw unreadable(unpacked, e);
    }
  }

  /** DJL's name of the platform. */
  private static String platform() {
    String name = System.getProperty("os.name").toLowerCase(Locale.ROOT);
    String system = name.startsWith("win") ? "win" : name.startsWith("mac") ? "osx" : "linux";
    String processor = System.getProperty("os.arch");
    return system + "-" + (processor.equals("amd64") ? "x86_64" : processor);
  }

  private static void verify(Path file, URL original, Path unpacked) {
    if (!Files.exists(file) || original == null) {
      return;
    }
    try {
      Optional<String> problem = PrivateFolder.problem(file);
      if (problem.isPresent()) {
        throw new NativeCacheException(
            "%s: native code is not loaded from here: %s%s"
                .formatted(file, problem.get(), deleteRemedy(unpacked)));
      }
      Content expected = Content.of(original);
      long size = Files.size(file);
      if (size != expected.size() || crc(file) != expected.crc()) {
        throw new NativeCacheException(
            ("%s: expected the library of %s bytes that %s has, found another of %s bytes. It"
                    + " was damaged or put there by somebody%s")
                .formatted(file, expected.size(), original, size, deleteRemedy(unpacked)));
      }
    } catch (IOException e) {
      throw unreadable(file, e);
    }
  }

  private static String deleteRemedy(Path unpacked) {
    return ". Delete the folder " + unpacked + "; it is unpacked again at the next start";
  }

  private static NativeCacheException unreadable(Path path, IOException cause) {
    return new NativeCacheException(path + ": reading failed: " + cause + REMEDY, cause);
  }

  /** Size and checksum of a resource; jars have both in their directory. */
  private record Content(long size, long crc) {

    static Content of(URL resource) throws IOException {
      URLConnection connection = resource.openConnection();
      if (connection instanceof JarURLConnection jar && jar.getJarEntry().getCrc() >= 0) {
        return new Content(jar.getJarEntry().getSize(), jar.getJarEntry().getCrc());
      }
      CRC32 crc = new CRC32();
      byte[] buffer = new byte[BUFFER_BYTES];
      long size = 0;
      try (InputStream in = connection.getInputStream()) {
        for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
          crc.update(buffer, 0, count);
          size += count;
        }
      }
      return new Content(size, crc.getValue());
    }
  }

  private static long crc(Path file) throws IOException {
    CRC32 crc = new CRC32();
    ByteBuffer buffer = ByteBuffer.allocateDirect(BUFFER_BYTES);
    try (FileChannel channel = FileChannel.open(file)) {
      while (channel.read(buffer.clear()) >= 0) {
        crc.update(buffer.flip());
      }
    }
    return crc.getValue();
  }

  private static List<URL> resources(ClassLoader loader, String name) {
    try {
      return Collections.list(loader.getResources(name));
    } catch (IOException e) {
      throw new NativeCacheException("looking for " + name + " on the class path failed: " + e, e);
    }
  }

  private static Optional<Properties> properties(URL resource) {
    if (resource == null) {
      return Optional.empty();
    }
    Properties properties = new Properties();
    try (InputStream in = resource.openStream()) {
      properties.load(in);
    } catch (IOException e) {
      throw new NativeCacheException("reading " + resource + " failed: " + e, e);
    }
    return Optional.of(properties);
  }
}
