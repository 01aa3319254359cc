"""What agents answer from: sources added, read and looked over, and gaps that become answers."""
