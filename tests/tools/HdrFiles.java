// Reads a .hlog with HdrHistogram's own reader: a JSON object of what each tag's lines add up to on
// stdout, and FOLDER/<tag>.hgrm as HdrHistogram itself prints it.
import java.io.File;
import java.io.PrintStream;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.HdrHistogram.EncodableHistogram;
import org.HdrHistogram.Histogram;
import org.HdrHistogram.HistogramLogReader;

public class HdrFiles {
  static final double[] PERCENTILES = {50, 90, 99, 99.9, 99.99};
  static final int STEPS_PER_HALVING = 5;

  static class Sum {
    final Histogram histogram = new Histogram(1, (1L << 36) - 1, 2);
    final StringBuilder intervals = new StringBuilder();

    void add(Histogram interval) {
      histogram.add(interval);
      intervals.append(intervals.length() == 0 ? "" : ", ")
          .append(String.format(Locale.US, "{\"start_ms\": %d, \"end_ms\": %d, \"count\": %d}",
              interval.getStartTimeStamp(), interval.getEndTimeStamp(), interval.getTotalCount()));
    }

    String json() {
      StringBuilder text = new StringBuilder();
      text.append(String.format(Locale.US, "{\"count\": %d, \"mean\": %.3f, \"max\": %d",
          histogram.getTotalCount(), histogram.getMean(), histogram.getMaxValue()));
      for (double percentile : PERCENTILES) {
        text.append(String.format(Locale.US, ", \"p%s\": %d",
            percentile == Math.rint(percentile) ? String.valueOf((long) percentile)
                                                : String.valueOf(percentile),
            histogram.getValueAtPercentile(percentile)));
      }
      return text.append(", \"intervals\": [").append(intervals).append("]}").toString();
    }
  }

  public static void main(String[] arguments) throws Exception {
    Map<String, Sum> sums = new TreeMap<>();
    HistogramLogReader reader = new HistogramLogReader(new File(arguments[0]));
    for (EncodableHistogram next; (next = reader.nextIntervalHistogram()) != null;)
      sums.computeIfAbsent(next.getTag(), tag -> new Sum()).add((Histogram) next);
    StringBuilder text = new StringBuilder();
    for (Map.Entry<String, Sum> entry : sums.entrySet()) {
      text.append(text.length() == 0 ? "{" : ",\n")
          .append("\"").append(entry.getKey()).append("\": ").append(entry.getValue().json());
      File file = new File(arguments[1], entry.getKey() + ".hgrm");
      try (PrintStream out = new PrintStream(file, "US-ASCII")) {
        entry.getValue().histogram.outputPercentileDistribution(out, STEPS_PER_HALVING, 1.0);
      }
    }
    System.out.println(text.append("}"));
  }
}
