package io.adapt4j.rag.index;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.net.URLDecoder;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * A database address with user and password kept separately, since drivers and pools log addresses.
 */
record PostgresAddress(String url, Optional<String> user, Optional<String> password) {

  private static final Pattern USER_BEFORE_HOST = Pattern.compile("^[^?]*//[^/?]*@.*");

  /** Extracts user and password from an address. */
  static PostgresAddress of(String given) {
    if (USER_BEFORE_HOST.matcher(given).matches()) {
      throw new IllegalArgumentException(
          "url: expected an address such as jdbc:postgresql://localhost/mine, found one with a user"
              + " before its host. Give user and password by themselves");
    }
    int query = given.indexOf('?');
    if (query < 0) {
      return new PostgresAddress(given, Optional.empty(), Optional.empty());
    }
    Optional<String> user = Optional.empty();
    Optional<String> password = Optional.empty();
    List<String> others = new ArrayList<>();
    for (String option : given.substring(query + 1).split("&", -1)) {
      if (option.startsWith("user=")) {
        user = Optional.of(value(option));
      } else if (option.startsWith("password=")) {
        password = Optional.of(value(option));
      } else if (!option.isEmpty()) {
        others.add(option);
      }
    }
    String url = given.substring(0, query);
    return new PostgresAddress(
        others.isEmpty() ? url : url + "?" + String.join("&", others), user, password);
  }

  private static String value(String option) {
    String encoded = option.substring(option.indexOf('=') + 1);
    try {
      return URLDecoder.decode(encoded, UTF_8);
    } catch (IllegalArgumentException e) {
      // Without the cause, which quotes what could not be decoded.
      throw new IllegalArgumentException(
          "url: the user or the password has a % that two hexadecimal digits do not follow. Write it"
              + " as %25");
    }
  }
}
