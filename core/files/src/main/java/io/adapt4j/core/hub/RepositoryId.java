package io.adapt4j.core.hub;

import java.util.regex.Pattern;

/**
 * A repository's kind and name. Names follow the Hub's rules: at most 96 ASCII letters, digits,
 * {@code -}, {@code _} and {@code .}, with one optional owner in front.
 */
record RepositoryId(Kind kind, String name) {

  /** Kind of a repository, as spelled in the Hub's addresses and the cache's folders. */
  enum Kind {
    MODEL("models", ""),
    DATASET("datasets", "datasets/");

    private final String plural;
    private final String addressPrefix;

    Kind(String plural, String addressPrefix) {
      this.plural = plural;
      this.addressPrefix = addressPrefix;
    }
  }

  private static final Pattern NAME =
      Pattern.compile("(?:\\w(?:[\\w.-]*\\w)?/)?\\w(?:[\\w.-]{0,94}\\w)?");

  RepositoryId {
    if (!NAME.matcher(name).matches()
        || name.contains("--")
        || name.contains("..")
        || name.endsWith(".git")) {
      throw new HubException(
          "'"
              + Names.shown(name)
              + "' is not the name of a repository: expected 'owner/name' or 'name' of letters,"
              + " digits, '-', '_' and '.', without '--', '..' or '.git' at the end");
    }
  }

  static RepositoryId model(String name) {
    return new RepositoryId(Kind.MODEL, name);
  }

  static RepositoryId dataset(String name) {
    return new RepositoryId(Kind.DATASET, name);
  }

  /** Returns the folder name in the cache, {@code models--owner--name}. */
  String folderName() {
    return kind.plural + "--" + name.replace("/", "--");
  }

  /** Returns the path of the repository's pages and files. */
  String page() {
    return kind.addressPrefix + name;
  }

  String api() {
    return "api/" + kind.plural + "/" + name;
  }

  @Override
  public String toString() {
    return page();
  }
}
