import java.io.IOException;
import java.net.HttpURLConnection;
import java.net.URI;

/** Asks the server of this container whether it takes requests: exits with 0 if so. */
final class HealthCheck {

  private static final int MILLISECONDS = 5_000;

  private HealthCheck() {}

  public static void main(String[] arguments) {
    try {
      URI health = URI.create("http://127.0.0.1:" + arguments[0] + "/health");
      HttpURLConnection connection = (HttpURLConnection) health.toURL().openConnection();
      connection.setConnectTimeout(MILLISECONDS);
      connection.setReadTimeout(MILLISECONDS);
      int status = connection.getResponseCode();
      System.out.println(health + ": " + status);
      System.exit(status == 200 ? 0 : 1);
    } catch (IOException e) {
      System.out.println(e);
      System.exit(1);
    }
  }
}
